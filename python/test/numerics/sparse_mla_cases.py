"""Cases of the sparse-MLA kernels, forward and backward, in the interpreter."""

SIZES = {"s_q": 2, "h_q": 16, "d_qk": 576, "topk": 64, "s_kv": 100}

#: By name, what a case differs in from SIZES.
SHARED = {
    "one full tile": {},
    "no rope": {"d_qk": 512},
    "one key": {"topk": 1, "invalid": 0.0},
    "one key in the cache": {"s_kv": 1, "topk": 70},
    "ragged last tile": {"topk": 100},
    "three tiles": {"topk": 192, "invalid": 0.0},
    "no list entries": {"topk": 0},
    "no query": {"s_q": 0},
    "mostly invalid": {"invalid": 0.95},
    "rows without a key": {"s_q": 4, "empty_rows": True},
    "sink": {"sink": True},
    "sink and rows without a key": {"s_q": 4, "sink": True, "empty_rows": True},
    "length": {"s_q": 3, "length": True, "topk": 130},
    "causal, some before the first key": {"s_q": 4, "causal_start": -2, "invalid": 0.0, "s_kv": 8},
    "sharp softmax": {"spread": 30.0, "topk": 130},
    "strided q": {"strided": "q"},
    "strided kv": {"strided": "kv"},
    "unaligned kv": {"strided": "unaligned", "topk": 100},
    "strided indices": {"strided": "indices"},
    "h 8": {"h_q": 8},
    "h 24": {"h_q": 24},
    "h 72": {"h_q": 72},
    "h 128": {"h_q": 128},
}
