"""Sparse-MLA forward in TileLang, plainest form: one `T.Pipelined` loop, everything else left to the compiler.

256 threads handle one query token and 64 heads; a 64-key tile of K is gathered into shared memory, double-buffered,
and both products read it.
"""

import tilelang.language as T

HEADS = 64
KEYS = 64
D_V = 512

PASS_CONFIGS = {"tl.disable_tma_lower": True, "tl.disable_warp_specialized": True, "tl.enable_fast_math": True}


def build(h_q: int, d_qk: int, topk: int, scale_log2: float):
    """Make the kernel (q [s_q, h_q, d_qk], kv [s_kv, d_qk], indices [s_q, topk]) -> (out, max_logits, lse).

    `scale_log2` is sm_scale * log2(e). h_q and topk must be multiples of 64.
    """
    s_q, s_kv = T.dynamic("s_q"), T.dynamic("s_kv")
    rope = d_qk - D_V
    blocks = h_q // HEADS
    policy = T.GemmWarpPolicy.FullCol

    @T.prim_func
    def sparse_mla_fwd_base(
        Q: T.Tensor((s_q, h_q, d_qk), "bfloat16"),
        KV: T.Tensor((s_kv, d_qk), "bfloat16"),
        Indices: T.Tensor((s_q, topk), "int32"),
        Out: T.Tensor((s_q, h_q, D_V), "bfloat16"),
        MaxLogits: T.Tensor((s_q, h_q), "float32"),
        Lse: T.Tensor((s_q, h_q), "float32"),
    ):
        with T.Kernel(s_q * blocks, threads=256) as block:
            q_s = T.alloc_shared((HEADS, D_V), "bfloat16")
            k_s = T.alloc_shared((KEYS, D_V), "bfloat16")
            p_s = T.alloc_shared((HEADS, KEYS), "bfloat16")
            if rope > 0:
                q_rope_s = T.alloc_shared((HEADS, rope), "bfloat16")
                k_rope_s = T.alloc_shared((KEYS, rope), "bfloat16")
            valid = T.alloc_fragment((KEYS,), "bool")
            acc = T.alloc_fragment((HEADS, D_V), "float32")
            scores = T.alloc_fragment((HEADS, KEYS), "float32")
            row_max = T.alloc_fragment((HEADS,), "float32")
            old_max = T.alloc_fragment((HEADS,), "float32")
            rescale = T.alloc_fragment((HEADS,), "float32")
            row_sum = T.alloc_fragment((HEADS,), "float32")
            tile_sum = T.alloc_fragment((HEADS,), "float32")

            token = block // blocks
            head = (block % blocks) * HEADS
            T.fill(acc, 0)
            T.fill(row_sum, 0)
            T.fill(row_max, -(2.0**30))
            T.copy(Q[token, head : head + HEADS, 0:D_V], q_s)
            if rope > 0:
                T.copy(Q[token, head : head + HEADS, D_V:d_qk], q_rope_s)

            for tile in T.Pipelined(topk // KEYS, num_stages=2):
                for key in T.Parallel(KEYS):
                    valid[key] = (Indices[token, tile * KEYS + key] >= 0) & (Indices[token, tile * KEYS + key] < s_kv)
                for key, column in T.Parallel(KEYS, D_V):
                    k_s[key, column] = KV[T.clamp(Indices[token, tile * KEYS + key], 0, s_kv - 1), column]
                if rope > 0:
                    for key, column in T.Parallel(KEYS, rope):
                        k_rope_s[key, column] = KV[
                            T.clamp(Indices[token, tile * KEYS + key], 0, s_kv - 1), D_V + column
                        ]
                for row, key in T.Parallel(HEADS, KEYS):
                    scores[row, key] = T.if_then_else(valid[key], 0.0, -T.infinity("float32"))
                T.gemm(q_s, k_s, scores, transpose_B=True, policy=policy)
                if rope > 0:
                    T.gemm(q_rope_s, k_rope_s, scores, transpose_B=True, policy=policy)
                T.copy(row_max, old_max)
                T.reduce_max(scores, row_max, dim=1, clear=False)
                for row in T.Parallel(HEADS):
                    rescale[row] = T.exp2((old_max[row] - row_max[row]) * scale_log2)
                for row, key in T.Parallel(HEADS, KEYS):
                    scores[row, key] = T.exp2(scores[row, key] * scale_log2 - row_max[row] * scale_log2)
                T.reduce_sum(scores, tile_sum, dim=1)
                for row in T.Parallel(HEADS):
                    row_sum[row] = row_sum[row] * rescale[row] + tile_sum[row]
                for row, column in T.Parallel(HEADS, D_V):
                    acc[row, column] *= rescale[row]
                T.copy(scores, p_s)
                T.gemm(p_s, k_s, acc, policy=policy)

            for row, column in T.Parallel(HEADS, D_V):
                acc[row, column] = T.if_then_else(row_sum[row] > 0, acc[row, column] / row_sum[row], 0.0)
            T.copy(acc, Out[token, head : head + HEADS, 0:D_V])
            for row in T.Parallel(HEADS):
                MaxLogits[token, head + row] = T.if_then_else(
                    row_sum[row] > 0, row_max[row] * scale_log2 * 0.6931471805599453, -T.infinity("float32")
                )
                Lse[token, head + row] = T.if_then_else(
                    row_sum[row] > 0,
                    (row_max[row] * scale_log2 + T.log2(row_sum[row])) * 0.6931471805599453,
                    T.infinity("float32"),
                )

    return sparse_mla_fwd_base
