"""Sparse-MLA forward in TileLang with hand-made warp specialization: a producer and two consumers.

384 threads handle one query token and 64 heads. Warpgroup 2 gathers 64-key tiles of K by cp.async into two buffers.
Warpgroup 0 makes the scores and the softmax and owns the left half of the output; warpgroup 1 owns the right half.
P and the rescale factors pass from warpgroup 0 to 1 through shared memory. All hand-offs are mbarriers.
"""

import tilelang.language as T

HEADS = 64
KEYS = 64
D_V = 512
HALF = D_V // 2
LN2 = 0.6931471805599453

PASS_CONFIGS = {
    "tl.disable_tma_lower": True,
    "tl.disable_warp_specialized": True,
    "tl.enable_fast_math": True,
    "tl.disable_thread_storage_sync": True,
}


def build(h_q: int, d_qk: int, topk: int, scale_log2: float):
    """Make the kernel (q [s_q, h_q, d_qk], kv [s_kv, d_qk], indices [s_q, topk]) -> (out, max_logits, lse).

    `scale_log2` is sm_scale * log2(e). h_q and topk must be multiples of 64.
    """
    s_q, s_kv = T.dynamic("s_q"), T.dynamic("s_kv")
    rope = d_qk - D_V
    blocks = h_q // HEADS
    tiles = topk // KEYS

    @T.prim_func
    def sparse_mla_fwd_pipelined(
        Q: T.Tensor((s_q, h_q, d_qk), "bfloat16"),
        KV: T.Tensor((s_kv, d_qk), "bfloat16"),
        Indices: T.Tensor((s_q, topk), "int32"),
        Out: T.Tensor((s_q, h_q, D_V), "bfloat16"),
        MaxLogits: T.Tensor((s_q, h_q), "float32"),
        Lse: T.Tensor((s_q, h_q), "float32"),
    ):
        with T.Kernel(s_q * blocks, threads=384) as block:
            q_l = T.alloc_shared((HEADS, HALF), "bfloat16")
            q_r = T.alloc_shared((HEADS, HALF), "bfloat16")
            k_l = T.alloc_shared((2, KEYS, HALF), "bfloat16")
            k_r = T.alloc_shared((2, KEYS, HALF), "bfloat16")
            if rope > 0:
                q_rope = T.alloc_shared((HEADS, rope), "bfloat16")
                k_rope = T.alloc_shared((2, KEYS, rope), "bfloat16")
            p_s = T.alloc_shared((HEADS, KEYS), "bfloat16")
            factor_s = T.alloc_shared((HEADS,), "float32")
            valid_s = T.alloc_shared((2, KEYS), "bool")

            acc_l = T.alloc_fragment((HEADS, HALF), "float32")
            acc_r = T.alloc_fragment((HEADS, HALF), "float32")
            scores = T.alloc_fragment((HEADS, KEYS), "float32")
            row_max = T.alloc_fragment((HEADS,), "float32")
            old_max = T.alloc_fragment((HEADS,), "float32")
            factor = T.alloc_fragment((HEADS,), "float32")
            row_sum = T.alloc_fragment((HEADS,), "float32")
            tile_sum = T.alloc_fragment((HEADS,), "float32")
            index = T.alloc_local((4,), "int32")

            q_full = T.alloc_barrier(256)
            k_full = T.alloc_barrier([128, 128])
            k_empty = T.alloc_barrier([256, 256])
            p_full = T.alloc_barrier(128)
            p_empty = T.alloc_barrier(128)
            sum_full = T.alloc_barrier(128)

            token = block // blocks
            head = (block % blocks) * HEADS
            tx = T.get_thread_binding()

            if tx < 128:  # scores, softmax, left half of the output
                T.set_max_nreg(240, 1)
                T.copy(Q[token, head : head + HEADS, 0:HALF], q_l)
                if rope > 0:
                    T.copy(Q[token, head : head + HEADS, D_V:d_qk], q_rope)
                T.fence_proxy_async()
                T.barrier_arrive(q_full)
                T.fill(acc_l, 0)
                T.fill(row_sum, 0)
                T.fill(row_max, -(2.0**30))
                T.barrier_wait(q_full, 0)
                for tile in T.serial(tiles):
                    T.barrier_wait(k_full[tile % 2], (tile // 2) % 2)
                    T.fence_proxy_async()
                    for row, key in T.Parallel(HEADS, KEYS):
                        scores[row, key] = T.if_then_else(valid_s[tile % 2, key], 0.0, -T.infinity("float32"))
                    T.wgmma_gemm(q_l, k_l[tile % 2, :, :], scores, transpose_B=True)
                    T.wgmma_gemm(q_r, k_r[tile % 2, :, :], scores, transpose_B=True)
                    if rope > 0:
                        T.wgmma_gemm(q_rope, k_rope[tile % 2, :, :], scores, transpose_B=True)
                    T.copy(row_max, old_max)
                    T.wait_wgmma(0)
                    T.reduce_max(scores, row_max, dim=1, clear=False)
                    for row in T.Parallel(HEADS):
                        factor[row] = T.exp2((old_max[row] - row_max[row]) * scale_log2)
                    for row, key in T.Parallel(HEADS, KEYS):
                        scores[row, key] = T.exp2(scores[row, key] * scale_log2 - row_max[row] * scale_log2)
                    T.barrier_wait(p_empty, (tile + 1) % 2)
                    T.copy(factor, factor_s)
                    T.copy(scores, p_s)
                    T.fence_proxy_async()
                    T.barrier_arrive(p_full)
                    T.reduce_sum(scores, tile_sum, dim=1)
                    for row in T.Parallel(HEADS):
                        row_sum[row] = row_sum[row] * factor[row] + tile_sum[row]
                    for row, column in T.Parallel(HEADS, HALF):
                        acc_l[row, column] *= factor[row]
                    T.barrier_wait(p_full, tile % 2)
                    T.wgmma_gemm(p_s, k_l[tile % 2, :, :], acc_l)
                    T.wait_wgmma(0)
                    T.barrier_arrive(k_empty[tile % 2])
                for row in T.Parallel(HEADS):
                    factor[row] = T.if_then_else(row_sum[row] > 0, 1.0 / row_sum[row], 0.0)
                T.barrier_wait(p_empty, (tiles + 1) % 2)
                T.copy(factor, factor_s)
                T.barrier_arrive(sum_full)
                for row, column in T.Parallel(HEADS, HALF):
                    acc_l[row, column] *= factor[row]
                T.copy(acc_l, Out[token, head : head + HEADS, 0:HALF])
                for row in T.Parallel(HEADS):
                    MaxLogits[token, head + row] = T.if_then_else(
                        row_sum[row] > 0, row_max[row] * scale_log2 * LN2, -T.infinity("float32")
                    )
                    Lse[token, head + row] = T.if_then_else(
                        row_sum[row] > 0,
                        (row_max[row] * scale_log2 + T.log2(row_sum[row])) * LN2,
                        T.infinity("float32"),
                    )
            elif tx < 256:  # right half of the output
                T.set_max_nreg(168, 1)
                T.copy(Q[token, head : head + HEADS, HALF:D_V], q_r)
                T.fence_proxy_async()
                T.barrier_arrive(q_full)
                T.fill(acc_r, 0)
                for tile in T.serial(tiles):
                    T.barrier_wait(p_full, tile % 2)
                    T.fence_proxy_async()
                    for row, column in T.Parallel(HEADS, HALF):
                        acc_r[row, column] *= factor_s[row]
                    T.wgmma_gemm(p_s, k_r[tile % 2, :, :], acc_r)
                    T.wait_wgmma(0)
                    T.barrier_arrive(p_empty)
                    T.barrier_arrive(k_empty[tile % 2])
                T.barrier_wait(sum_full, 0)
                for row, column in T.Parallel(HEADS, HALF):
                    acc_r[row, column] *= factor_s[row]
                T.copy(acc_r, Out[token, head : head + HEADS, HALF:D_V])
            else:  # a thread copies one of eight 16-byte chunks of every 64 columns, for rows 16 apart
                T.set_max_nreg(80, 0)
                lane = tx - 256
                for tile in T.serial(tiles):
                    for part in T.unroll(4):
                        index[part] = Indices[token, tile * KEYS + part * 16 + lane // 8]
                    T.barrier_wait(k_empty[tile % 2], (tile // 2 + 1) % 2)
                    for part in T.unroll(4):
                        if lane % 8 == 0:
                            valid_s[tile % 2, part * 16 + lane // 8] = (index[part] >= 0) & (index[part] < s_kv)
                        for group in T.unroll(4):
                            T.ptx_cp_async(
                                T.access_ptr(k_l[tile % 2, part * 16 + lane // 8, group * 64 + lane % 8 * 8], "w", 8),
                                T.access_ptr(KV[index[part], group * 64 + lane % 8 * 8], "r", 8),
                                8,
                            )
                            T.ptx_cp_async(
                                T.access_ptr(k_r[tile % 2, part * 16 + lane // 8, group * 64 + lane % 8 * 8], "w", 8),
                                T.access_ptr(KV[index[part], HALF + group * 64 + lane % 8 * 8], "r", 8),
                                8,
                            )
                        if rope > 0:
                            T.ptx_cp_async(
                                T.access_ptr(k_rope[tile % 2, part * 16 + lane // 8, lane % 8 * 8], "w", 8),
                                T.access_ptr(KV[index[part], D_V + lane % 8 * 8], "r", 8),
                                8,
                            )
                    T.cp_async_barrier_noinc(k_full[tile % 2])

    return sparse_mla_fwd_pipelined
