"""Dense matrix product in plain Triton: with pointers, and with TMA descriptors in a persistent loop."""

from __future__ import annotations

import torch
import triton
import triton.language as tl
from triton.tools.tensor_descriptor import TensorDescriptor


@triton.jit
def _tile_of(index, m, n, BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr, GROUP_M: tl.constexpr):
    rows, columns = tl.cdiv(m, BLOCK_M), tl.cdiv(n, BLOCK_N)
    group = index // (GROUP_M * columns)
    height = tl.minimum(rows - group * GROUP_M, GROUP_M)
    inside = index % (GROUP_M * columns)
    return group * GROUP_M + inside % height, inside // height


@triton.jit
def gemm_pointers(
    a, b, c, m, n, k, stride_a, stride_b, stride_c,
    BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr, BLOCK_K: tl.constexpr, STAGES: tl.constexpr, GROUP_M: tl.constexpr,
):  # fmt: skip
    """One tile of C a program. k is a multiple of BLOCK_K; rows and columns outside of C wrap around."""
    tile_row, tile_column = _tile_of(tl.program_id(0), m, n, BLOCK_M, BLOCK_N, GROUP_M)
    rows = tile_row * BLOCK_M + tl.arange(0, BLOCK_M)
    columns = tile_column * BLOCK_N + tl.arange(0, BLOCK_N)
    inner = tl.arange(0, BLOCK_K)
    a_block = a + (rows % m)[:, None] * stride_a + inner[None, :]
    b_block = b + inner[:, None] * stride_b + (columns % n)[None, :]
    acc = tl.zeros([BLOCK_M, BLOCK_N], tl.float32)
    for _ in tl.range(0, k, BLOCK_K, num_stages=STAGES):
        acc = tl.dot(tl.load(a_block), tl.load(b_block), acc)
        a_block += BLOCK_K
        b_block += BLOCK_K * stride_b
    inside = (rows < m)[:, None] & (columns < n)[None, :]
    tl.store(c + rows[:, None] * stride_c + columns[None, :], acc.to(c.dtype.element_ty), mask=inside)


@triton.jit
def gemm_descriptors(
    a, b, c, m, n, k,
    FLOAT16: tl.constexpr, BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr, BLOCK_K: tl.constexpr, STAGES: tl.constexpr,
    FLATTEN: tl.constexpr, GROUP_M: tl.constexpr,
):  # fmt: skip
    """Tiles program_id(0), program_id(0) + num_programs(0), ... of C; a, b, c are descriptors."""
    dtype: tl.constexpr = tl.float16 if FLOAT16 else tl.bfloat16
    tiles = tl.cdiv(m, BLOCK_M) * tl.cdiv(n, BLOCK_N)
    for index in tl.range(tl.program_id(0), tiles, tl.num_programs(0), flatten=FLATTEN, num_stages=STAGES):
        tile_row, tile_column = _tile_of(index, m, n, BLOCK_M, BLOCK_N, GROUP_M)
        row, column = tile_row * BLOCK_M, tile_column * BLOCK_N
        acc = tl.zeros([BLOCK_M, BLOCK_N], tl.float32)
        for start in tl.range(0, k, BLOCK_K, num_stages=STAGES):
            acc = tl.dot(a.load([row, start]), b.load([start, column]), acc)
        left, right = tl.split(tl.permute(tl.reshape(acc, (BLOCK_M, 2, BLOCK_N // 2)), (0, 2, 1)))
        c.store([row, column], left.to(dtype))
        c.store([row, column + BLOCK_N // 2], right.to(dtype))


NAMES = ("BLOCK_M", "BLOCK_N", "BLOCK_K", "STAGES", "FLATTEN", "num_warps")


def configurations(m: int, descriptors: bool) -> list[dict[str, int | bool]]:
    """The usual block sizes, stages and warps for `m` rows of A."""
    if m <= 64:
        choices = [(64, 64, 128, 5, True, 4), (64, 128, 64, 6, True, 4), (64, 128, 128, 4, True, 4)]
        choices += [(64, 64, 128, 5, False, 4), (64, 64, 128, 6, False, 4), (64, 64, 256, 3, True, 4)]
    elif m <= 128:
        choices = [(128, 64, 64, 6, True, 4), (128, 128, 64, 5, True, 8), (64, 64, 128, 5, True, 4)]
        choices += [(128, 64, 64, 5, False, 4), (128, 64, 128, 4, True, 4)]
    else:
        choices = [(128, 256, 64, 4, True, 8), (128, 256, 64, 3, True, 8), (128, 256, 64, 4, False, 8)]
        choices += [(256, 128, 64, 4, True, 8), (128, 128, 64, 3, True, 4), (128, 128, 64, 3, False, 8)]
        choices += [(128, 256, 64, 3, False, 8)]
    if not descriptors:  # one tile a program
        choices = list(dict.fromkeys((*choice[:4], False, choice[5]) for choice in choices))
    result = [dict(zip(NAMES, choice, strict=True)) | {"GROUP_M": 8} for choice in choices]
    if not descriptors:
        for config in result:
            del config["FLATTEN"]
    return result


def launch(
    a: torch.Tensor, b: torch.Tensor, c: torch.Tensor, descriptors: bool, config: dict, warm_up: bool = False
) -> None:
    """Calculate c = a b with contiguous matrices; with `warm_up`, only compile."""
    (m, k), n = a.shape, b.shape[1]
    tiles = triton.cdiv(m, config["BLOCK_M"]) * triton.cdiv(n, config["BLOCK_N"])
    if not descriptors:
        if k % config["BLOCK_K"]:
            raise ValueError(f"k must be a multiple of {config['BLOCK_K']}, got {k}")
        kernel, arguments, constants = gemm_pointers, (a, b, c, m, n, k, k, n, n), config
    else:
        if config["FLATTEN"] and a.device.type == "cuda":
            stage_bytes = (config["BLOCK_M"] + config["BLOCK_N"]) * config["BLOCK_K"] * a.element_size()
            resident = 2 if stage_bytes * config["STAGES"] + config["BLOCK_M"] * config["BLOCK_N"] < 115000 else 1
            tiles = min(tiles, resident * torch.cuda.get_device_properties(a.device).multi_processor_count)
        shapes = ("BLOCK_M", "BLOCK_K"), ("BLOCK_K", "BLOCK_N"), ("BLOCK_M", "BLOCK_N")
        blocks = [[config[rows], config[columns]] for rows, columns in shapes]
        blocks[2][1] //= 2
        sources = [TensorDescriptor.from_tensor(x, block) for x, block in zip((a, b, c), blocks, strict=True)]
        kernel, arguments = gemm_descriptors, (*sources, m, n, k)
        constants = {"FLOAT16": a.dtype == torch.float16} | config
    if warm_up:
        kernel.warmup(*arguments, grid=(tiles,), **constants)
    else:
        kernel[(tiles,)](*arguments, **constants)
