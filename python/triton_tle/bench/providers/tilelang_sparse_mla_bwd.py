"""Sparse-MLA backward in TileLang: delta, main kernel with reductions of four floats at a time, rounding.

256 threads handle one query token and 64 heads (or all, if there are fewer), 32 keys a step. Scores, dP and dQ read the
gathered tile in shared memory; the keys' gradient is made in registers, and leaves in two halves of the rows through a
float32 buffer in shared memory, so that whole rows are added.
"""

import tilelang.language as T

from triton_tle.ops.sparse_mla_fwd_args import D_V, LOG2_E

KEYS = 32
HALVES = 2
THREADS = 256
PASS_CONFIGS = {"tl.disable_tma_lower": True, "tl.disable_warp_specialized": True, "tl.enable_fast_math": True}


def build_delta(h_q: int):
    """Make the kernel (out [s_q, h_q, 512], grad_out) -> delta [s_q, h_q], float32, the sums of out * grad_out."""
    s_q = T.dynamic("s_q")
    heads = 8

    @T.prim_func
    def sparse_mla_bwd_delta(
        Out: T.Tensor((s_q, h_q, D_V), "bfloat16"),
        GradOut: T.Tensor((s_q, h_q, D_V), "bfloat16"),
        Delta: T.Tensor((s_q, h_q), "float32"),
    ):
        with T.Kernel(s_q, h_q // heads, threads=128) as (token, block):
            out = T.alloc_fragment((heads, D_V), "bfloat16")
            grad = T.alloc_fragment((heads, D_V), "bfloat16")
            product = T.alloc_fragment((heads, D_V), "float32")
            delta = T.alloc_fragment((heads,), "float32")
            T.copy(Out[token, block * heads : (block + 1) * heads, 0:D_V], out)
            T.copy(GradOut[token, block * heads : (block + 1) * heads, 0:D_V], grad)
            for row, column in T.Parallel(heads, D_V):
                product[row, column] = T.cast(out[row, column], "float32") * T.cast(grad[row, column], "float32")
            T.reduce_sum(product, delta, dim=1)
            T.copy(delta, Delta[token, block * heads : (block + 1) * heads])

    return sparse_mla_bwd_delta


def build_main(h_q: int, d_qk: int, topk: int, sm_scale: float):
    """Make the kernel (q, kv, indices, grad_out, lse, delta) -> dq, and additions to sums [s_kv, d_qk] in float32.

    q [s_q, h_q, d_qk], kv [s_kv, d_qk], indices [s_q, topk], lse natural. h_q must be 32 or a multiple of 64;
    topk one of 32.
    """
    s_q, s_kv = T.dynamic("s_q"), T.dynamic("s_kv")
    rope = d_qk - D_V
    heads = min(h_q, 64)
    blocks = h_q // heads
    part = KEYS // HALVES
    columns = T.GemmWarpPolicy.FullCol

    @T.prim_func
    def sparse_mla_bwd_main(
        Q: T.Tensor((s_q, h_q, d_qk), "bfloat16"),
        KV: T.Tensor((s_kv, d_qk), "bfloat16"),
        Indices: T.Tensor((s_q, topk), "int32"),
        GradOut: T.Tensor((s_q, h_q, D_V), "bfloat16"),
        Lse: T.Tensor((s_q, h_q), "float32"),
        Delta: T.Tensor((s_q, h_q), "float32"),
        Dq: T.Tensor((s_q, h_q, d_qk), "bfloat16"),
        Sums: T.Tensor((s_kv, d_qk), "float32"),
    ):
        with T.Kernel(s_q, blocks, threads=THREADS) as (token, block):
            q_s = T.alloc_shared((heads, D_V), "bfloat16")
            k_s = T.alloc_shared((KEYS, D_V), "bfloat16")
            grad_s = T.alloc_shared((heads, D_V), "bfloat16")
            p_s = T.alloc_shared((heads, KEYS), "bfloat16")
            ds_s = T.alloc_shared((heads, KEYS), "bfloat16")
            part_s = T.alloc_shared((part, D_V), "float32")
            if rope > 0:
                q_rope_s = T.alloc_shared((heads, rope), "bfloat16")
                k_rope_s = T.alloc_shared((KEYS, rope), "bfloat16")
                part_rope_s = T.alloc_shared((part, rope), "float32")
                dq_rope = T.alloc_fragment((heads, rope), "float32")
                dk_rope = T.alloc_fragment((KEYS, rope), "float32")
            valid = T.alloc_fragment((KEYS,), "bool")
            p = T.alloc_fragment((heads, KEYS), "float32")
            dp = T.alloc_fragment((heads, KEYS), "float32")
            dq = T.alloc_fragment((heads, D_V), "float32")
            dk = T.alloc_fragment((KEYS, D_V), "float32")

            head = block * heads
            T.copy(Q[token, head : head + heads, 0:D_V], q_s)
            T.copy(GradOut[token, head : head + heads, 0:D_V], grad_s)
            T.clear(dq)
            if rope > 0:
                T.copy(Q[token, head : head + heads, D_V:d_qk], q_rope_s)
                T.clear(dq_rope)

            for tile in T.Pipelined(topk // KEYS, num_stages=0):
                for key in T.Parallel(KEYS):
                    valid[key] = (Indices[token, tile * KEYS + key] >= 0) & (Indices[token, tile * KEYS + key] < s_kv)
                for row, key in T.Parallel(heads, KEYS):
                    p[row, key] = T.if_then_else(valid[key], 0.0, -T.infinity("float32"))
                for key, column in T.Parallel(KEYS, D_V):
                    k_s[key, column] = KV[T.clamp(Indices[token, tile * KEYS + key], 0, s_kv - 1), column]
                T.gemm(q_s, k_s, p, transpose_B=True, policy=columns)
                if rope > 0:
                    for key, column in T.Parallel(KEYS, rope):
                        k_rope_s[key, column] = KV[
                            T.clamp(Indices[token, tile * KEYS + key], 0, s_kv - 1), D_V + column
                        ]
                    T.gemm(q_rope_s, k_rope_s, p, transpose_B=True, policy=columns)
                for row, key in T.Parallel(heads, KEYS):
                    p[row, key] = T.exp2(p[row, key] * (sm_scale * LOG2_E) - Lse[token, head + row] * LOG2_E)
                T.copy(p, p_s)
                T.gemm(grad_s, k_s, dp, transpose_B=True, policy=columns, clear_accum=True)
                for row, key in T.Parallel(heads, KEYS):
                    dp[row, key] = p[row, key] * (dp[row, key] - Delta[token, head + row]) * sm_scale
                T.copy(dp, ds_s)
                T.gemm(ds_s, k_s, dq, policy=columns)
                T.gemm(ds_s, q_s, dk, transpose_A=True, policy=columns, clear_accum=True)
                T.gemm(p_s, grad_s, dk, transpose_A=True, policy=columns)
                if rope > 0:
                    T.gemm(ds_s, k_rope_s, dq_rope, policy=columns)
                    T.gemm(ds_s, q_rope_s, dk_rope, transpose_A=True, policy=columns, clear_accum=True)
                for half in T.unroll(HALVES):
                    for key, column in T.Parallel(KEYS, D_V):
                        if key >= half * part and key < (half + 1) * part:
                            part_s[key - half * part, column] = dk[key, column]
                    if rope > 0:
                        for key, column in T.Parallel(KEYS, rope):
                            if key >= half * part and key < (half + 1) * part:
                                part_rope_s[key - half * part, column] = dk_rope[key, column]
                    for key, group in T.Parallel(part, D_V // 4):
                        T.atomic_addx4(
                            Sums[T.clamp(Indices[token, tile * KEYS + half * part + key], 0, s_kv - 1), group * 4],
                            part_s[key, group * 4],
                        )
                    if rope > 0:
                        for key, group in T.Parallel(part, rope // 4):
                            T.atomic_addx4(
                                Sums[
                                    T.clamp(Indices[token, tile * KEYS + half * part + key], 0, s_kv - 1),
                                    D_V + group * 4,
                                ],
                                part_rope_s[key, group * 4],
                            )

            T.copy(dq, Dq[token, head : head + heads, 0:D_V])
            if rope > 0:
                T.copy(dq_rope, Dq[token, head : head + heads, D_V:d_qk])

    return sparse_mla_bwd_main
