"""Sparse-MLA forward in TileLang in the seesaw schedule: two consumers alternate on two tiles.

384 threads handle one query token and 64 heads. Warpgroup 2 gathers 64-key tiles of K by cp.async into two buffers.
Warpgroup 0 makes scores and softmax of the even tiles and owns the left half of the output, warpgroup 1 those of the
odd tiles and the right half. The running maximum goes 0 -> 1 -> 0; so one's softmax runs beside the other's products.
P passes through shared memory in both directions, in the place of the rope columns that its tile no longer needs.
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

    `scale_log2` is sm_scale * log2(e). h_q must be a multiple of 64, topk of 128.
    """
    s_q, s_kv = T.dynamic("s_q"), T.dynamic("s_kv")
    rope = d_qk - D_V
    blocks = h_q // HEADS
    pairs = topk // (2 * KEYS)

    @T.prim_func
    def sparse_mla_fwd_seesaw(
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
            tail = T.alloc_shared((2, KEYS, KEYS), "bfloat16")  # rope columns of K, then P
            if rope > 0:
                q_rope = T.alloc_shared((HEADS, rope), "bfloat16")
            max_s = T.alloc_shared((2, HEADS), "float32")
            sum_s = T.alloc_shared((2, HEADS), "float32")
            valid_s = T.alloc_shared((2, KEYS), "bool")

            acc_l = T.alloc_fragment((HEADS, HALF), "float32")
            scores_l = T.alloc_fragment((HEADS, KEYS), "float32")
            p_l = T.alloc_fragment((HEADS, KEYS), "bfloat16")
            run_l = T.alloc_fragment((HEADS,), "float32")
            max_l = T.alloc_fragment((HEADS,), "float32")
            factor_l = T.alloc_fragment((HEADS,), "float32")
            sum_l = T.alloc_fragment((HEADS,), "float32")
            part_l = T.alloc_fragment((HEADS,), "float32")

            acc_r = T.alloc_fragment((HEADS, HALF), "float32")
            scores_r = T.alloc_fragment((HEADS, KEYS), "float32")
            run_r = T.alloc_fragment((HEADS,), "float32")
            max_r = T.alloc_fragment((HEADS,), "float32")
            factor_r = T.alloc_fragment((HEADS,), "float32")
            sum_r = T.alloc_fragment((HEADS,), "float32")
            part_r = T.alloc_fragment((HEADS,), "float32")
            index = T.alloc_local((4,), "int32")

            q_full = T.alloc_barrier(256)
            k_full = T.alloc_barrier([128, 128])
            k_empty = T.alloc_barrier([256, 256])
            max_full = T.alloc_barrier([128, 128])
            p_full = T.alloc_barrier([128, 128])
            sum_full = T.alloc_barrier(256)

            token = block // blocks
            head = (block % blocks) * HEADS
            tx = T.get_thread_binding()

            if tx < 128:
                T.set_max_nreg(216, 1)
                T.copy(Q[token, head : head + HEADS, 0:HALF], q_l)
                if rope > 0:
                    T.copy(Q[token, head : head + HEADS, D_V:d_qk], q_rope)
                T.fence_proxy_async()
                T.barrier_arrive(q_full)
                T.fill(acc_l, 0)
                T.fill(sum_l, 0)
                T.fill(run_l, -(2.0**30))
                T.barrier_wait(q_full, 0)
                for pair in T.serial(pairs):
                    T.barrier_wait(k_full[0], pair % 2)
                    T.fence_proxy_async()
                    for row, key in T.Parallel(HEADS, KEYS):
                        scores_l[row, key] = T.if_then_else(valid_s[0, key], 0.0, -T.infinity("float32"))
                    T.wgmma_gemm(q_l, k_l[0, :, :], scores_l, transpose_B=True)
                    T.wgmma_gemm(q_r, k_r[0, :, :], scores_l, transpose_B=True)
                    if rope > 0:
                        T.wgmma_gemm(q_rope, tail[0, :, :], scores_l, transpose_B=True)
                    T.copy(run_l, max_l)
                    T.wait_wgmma(0)
                    T.reduce_max(scores_l, max_l, dim=1, clear=False)
                    T.copy(max_l, max_s[0, :])
                    T.barrier_arrive(max_full[0])
                    for row in T.Parallel(HEADS):
                        factor_l[row] = T.exp2((run_l[row] - max_l[row]) * scale_log2)
                    for row, key in T.Parallel(HEADS, KEYS):
                        scores_l[row, key] = T.exp2(scores_l[row, key] * scale_log2 - max_l[row] * scale_log2)
                    T.reduce_sum(scores_l, part_l, dim=1)
                    for row in T.Parallel(HEADS):
                        sum_l[row] = sum_l[row] * factor_l[row] + part_l[row]
                    for row, column in T.Parallel(HEADS, HALF):
                        acc_l[row, column] *= factor_l[row]
                    T.copy(scores_l, p_l)
                    T.wgmma_gemm(p_l, k_l[0, :, :], acc_l)
                    T.barrier_wait(max_full[1], pair % 2)
                    for row in T.Parallel(HEADS):
                        run_l[row] = max_s[1, row]
                    for row in T.Parallel(HEADS):
                        factor_l[row] = T.exp2((max_l[row] - run_l[row]) * scale_log2)
                    for row, key in T.Parallel(HEADS, KEYS):
                        scores_l[row, key] *= factor_l[row]
                    T.copy(scores_l, tail[0, :, :])
                    T.fence_proxy_async()
                    T.barrier_arrive(p_full[0])
                    for row in T.Parallel(HEADS):
                        sum_l[row] *= factor_l[row]
                    T.wait_wgmma(0)
                    T.barrier_arrive(k_empty[0])
                    for row, column in T.Parallel(HEADS, HALF):
                        acc_l[row, column] *= factor_l[row]
                    T.barrier_wait(p_full[1], pair % 2)
                    T.wgmma_gemm(tail[1, :, :], k_l[1, :, :], acc_l)
                    T.wait_wgmma(0)
                    T.barrier_arrive(k_empty[1])
                T.copy(sum_l, sum_s[0, :])
                T.barrier_arrive(sum_full)
                T.barrier_wait(sum_full, 0)
                for row in T.Parallel(HEADS):
                    part_l[row] = sum_s[1, row]
                for row in T.Parallel(HEADS):
                    sum_l[row] += part_l[row]
                for row in T.Parallel(HEADS):
                    factor_l[row] = T.if_then_else(sum_l[row] > 0, 1.0 / sum_l[row], 0.0)
                for row, column in T.Parallel(HEADS, HALF):
                    acc_l[row, column] *= factor_l[row]
                T.copy(acc_l, Out[token, head : head + HEADS, 0:HALF])
                for row in T.Parallel(HEADS):
                    MaxLogits[token, head + row] = T.if_then_else(
                        sum_l[row] > 0, run_l[row] * scale_log2 * LN2, -T.infinity("float32")
                    )
                    Lse[token, head + row] = T.if_then_else(
                        sum_l[row] > 0, (run_l[row] * scale_log2 + T.log2(sum_l[row])) * LN2, T.infinity("float32")
                    )
            elif tx < 256:
                T.set_max_nreg(216, 1)
                T.copy(Q[token, head : head + HEADS, HALF:D_V], q_r)
                T.fence_proxy_async()
                T.barrier_arrive(q_full)
                T.fill(acc_r, 0)
                T.fill(sum_r, 0)
                T.fill(run_r, -(2.0**30))
                T.barrier_wait(q_full, 0)
                for pair in T.serial(pairs):
                    T.barrier_wait(k_full[1], pair % 2)
                    T.fence_proxy_async()
                    for row, key in T.Parallel(HEADS, KEYS):
                        scores_r[row, key] = T.if_then_else(valid_s[1, key], 0.0, -T.infinity("float32"))
                    T.wgmma_gemm(q_r, k_r[1, :, :], scores_r, transpose_B=True)
                    T.wgmma_gemm(q_l, k_l[1, :, :], scores_r, transpose_B=True)
                    if rope > 0:
                        T.wgmma_gemm(q_rope, tail[1, :, :], scores_r, transpose_B=True)
                    T.wait_wgmma(0)
                    T.barrier_wait(max_full[0], pair % 2)
                    for row in T.Parallel(HEADS):
                        max_r[row] = max_s[0, row]
                    T.reduce_max(scores_r, max_r, dim=1, clear=False)
                    T.copy(max_r, max_s[1, :])
                    T.barrier_arrive(max_full[1])
                    for row in T.Parallel(HEADS):
                        factor_r[row] = T.exp2((run_r[row] - max_r[row]) * scale_log2)
                    for row, key in T.Parallel(HEADS, KEYS):
                        scores_r[row, key] = T.exp2(scores_r[row, key] * scale_log2 - max_r[row] * scale_log2)
                    T.copy(scores_r, tail[1, :, :])
                    T.fence_proxy_async()
                    T.barrier_arrive(p_full[1])
                    T.copy(max_r, run_r)
                    T.reduce_sum(scores_r, part_r, dim=1)
                    for row in T.Parallel(HEADS):
                        sum_r[row] = sum_r[row] * factor_r[row] + part_r[row]
                    for row, column in T.Parallel(HEADS, HALF):
                        acc_r[row, column] *= factor_r[row]
                    T.barrier_wait(p_full[1], pair % 2)
                    T.wgmma_gemm(tail[1, :, :], k_r[1, :, :], acc_r)
                    T.barrier_wait(p_full[0], pair % 2)
                    T.wgmma_gemm(tail[0, :, :], k_r[0, :, :], acc_r)
                    T.wait_wgmma(1)
                    T.barrier_arrive(k_empty[1])
                    T.wait_wgmma(0)
                    T.barrier_arrive(k_empty[0])
                T.copy(sum_r, sum_s[1, :])
                T.barrier_arrive(sum_full)
                T.barrier_wait(sum_full, 0)
                for row in T.Parallel(HEADS):
                    part_r[row] = sum_s[0, row]
                for row in T.Parallel(HEADS):
                    sum_r[row] += part_r[row]
                for row in T.Parallel(HEADS):
                    factor_r[row] = T.if_then_else(sum_r[row] > 0, 1.0 / sum_r[row], 0.0)
                for row, column in T.Parallel(HEADS, HALF):
                    acc_r[row, column] *= factor_r[row]
                T.copy(acc_r, Out[token, head : head + HEADS, HALF:D_V])
            else:  # a thread copies one of eight 16-byte chunks of every 64 columns, for rows 16 apart
                T.set_max_nreg(72, 0)
                lane = tx - 256
                for tile in T.serial(2 * pairs):
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
                                T.access_ptr(tail[tile % 2, part * 16 + lane // 8, lane % 8 * 8], "w", 8),
                                T.access_ptr(KV[index[part], D_V + lane % 8 * 8], "r", 8),
                                8,
                            )
                    T.cp_async_barrier_noinc(k_full[tile % 2])

    return sparse_mla_fwd_seesaw
