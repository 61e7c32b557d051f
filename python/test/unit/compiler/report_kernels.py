"""Kernels that ``python -m triton_tle report`` is tested with."""

from compiler_kernels import add, attention, matmul


def variants(arch):
    pointers = {"a": "*bf16:16", "b": "*bf16:16", "c": "*fp32:16", "k": "i32:16"}
    yield "clean", matmul, pointers, {"BM": 64, "BN": 64, "BK": 64}, {"num_stages": 3}
    yield "spilling", matmul, pointers, {"BM": 128, "BN": 256, "BK": 64}, {}
    yield "no dot", add, {"x": "*fp32", "y": "*fp32", "out": "*fp32", "n": "i32"}, {"BLOCK": 128}, {"num_warps": 1}
    if arch == "sm_80":
        yield (
            "attention",
            attention,
            dict.fromkeys(("q", "k", "v"), "*bf16") | {"out": "*fp32", "n": "i32"},
            {
                "BM": 64,
                "BN": 64,
                "D": 64,
            },
        )
