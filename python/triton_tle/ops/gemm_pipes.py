"""Dense matrix product in three partitions that a pipe connects, for Hopper.

A program walks over tiles of C. `load` copies blocks of A and B by TMA, as far ahead as the pipe has slots, past the
end of a tile, too. Two warp groups multiply: each has half of the rows of a tile, both read the same block of B. What
they store is copied out by TMA beside the products of the next tile.

128 x 256 tiles take a quarter less out of L2 than 128 x 128 ones, and a tile's end costs little, so tiles may be short.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
import triton
import triton.language as tl
from triton.tools.tensor_descriptor import TensorDescriptor

import triton_tle.language as tle

from ._devices import multiprocessors
from ._gemm_parts import store_halves, tile_of


@triton.jit
def load(
    blocks, a, b, m, n, k, BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr, BLOCK_K: tl.constexpr, GROUP_M: tl.constexpr
):
    """Copy blocks of A, in halves of rows, and of B."""
    tiles = tl.cdiv(m, BLOCK_M) * tl.cdiv(n, BLOCK_N)
    count = 0
    for index in range(tl.program_id(0), tiles, tl.num_programs(0)):
        tile_row, tile_column = tile_of(index, m, n, BLOCK_M, BLOCK_N, GROUP_M)
        row, column = tile_row * BLOCK_M, tile_column * BLOCK_N
        for start in range(0, k, BLOCK_K):
            slot = blocks.acquire(count)
            tle.gpu.copy(a, slot.upper, offsets=[row, start])
            tle.gpu.copy(a, slot.lower, offsets=[row + BLOCK_M // 2, start])
            tle.gpu.copy(b, slot.b, offsets=[start, column])
            blocks.commit(count)
            count += 1


@triton.jit
def multiply(
    blocks, c, m, n, k, PART: tl.constexpr, FLOAT16: tl.constexpr, BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr,
    BLOCK_K: tl.constexpr, GROUP_M: tl.constexpr
):  # fmt: skip
    """The upper (PART 0) or lower (1) half of the rows of each tile.

    A slot is let go one step later, so that the products of the next one are under way by then.
    """
    tiles = tl.cdiv(m, BLOCK_M) * tl.cdiv(n, BLOCK_N)
    steps = tl.cdiv(k, BLOCK_K)
    count = 0
    for index in range(tl.program_id(0), tiles, tl.num_programs(0)):
        tile_row, tile_column = tile_of(index, m, n, BLOCK_M, BLOCK_N, GROUP_M)
        acc = tl.zeros([BLOCK_M // 2, BLOCK_N], tl.float32)
        for step in range(steps):
            slot = blocks.wait(count)
            if PART == 0:
                a = slot.upper
            else:
                a = slot.lower
            acc = tl.dot(a.load(), slot.b.load(), acc)
            if step > 0:
                blocks.release(count - 1)
            count += 1
        blocks.release(count - 1)
        row = tile_row * BLOCK_M + PART * (BLOCK_M // 2)
        store_halves(c, row, tile_column * BLOCK_N, acc, tl.float16 if FLOAT16 else tl.bfloat16)


@triton.jit
def gemm_pipes_kernel(
    a, b, c, m, n, k, FLOAT16: tl.constexpr, BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr, BLOCK_K: tl.constexpr,
    STAGES: tl.constexpr, GROUP_M: tl.constexpr
):  # fmt: skip
    """Tiles program_id(0), program_id(0) + num_programs(0), ... of C; k > 0.

    a, b and c are descriptors of blocks [BLOCK_M / 2, BLOCK_K], [BLOCK_K, BLOCK_N] and [BLOCK_M / 2, BLOCK_N / 2].
    """
    dtype: tl.constexpr = tl.float16 if FLOAT16 else tl.bfloat16
    blocks = tle.pipe(
        readers=("first", "second"),
        upper=tle.gpu.alloc([STAGES, BLOCK_M // 2, BLOCK_K], dtype),
        lower=tle.gpu.alloc([STAGES, BLOCK_M // 2, BLOCK_K], dtype),
        b=tle.gpu.alloc([STAGES, BLOCK_K, BLOCK_N], dtype),
        name="blocks",
    )
    first, second = blocks.reader("first", ("upper", "b")), blocks.reader("second", ("lower", "b"))
    tle.gpu.warp_specialize(
        [
            (multiply, (first, c, m, n, k, 0, FLOAT16, BLOCK_M, BLOCK_N, BLOCK_K, GROUP_M)),
            (multiply, (second, c, m, n, k, 1, FLOAT16, BLOCK_M, BLOCK_N, BLOCK_K, GROUP_M)),
            (load, (blocks.writer(), a, b, m, n, k, BLOCK_M, BLOCK_N, BLOCK_K, GROUP_M)),
        ],
        [4, 4],
        [240, 24],
    )


NAMES = ("BLOCK_M", "BLOCK_N", "BLOCK_K", "STAGES")


def configurations(m: int) -> list[dict[str, int | bool]]:
    """Block sizes and stages worth trying for `m` rows of A, the best guess first; none for few rows."""
    choices = [(128, 256, 64, 4), (256, 128, 64, 4)] if m > 128 else []
    return [{"PIPES": True} | dict(zip(NAMES, choice, strict=True)) | {"GROUP_M": 8} for choice in choices]


def _constants(config: dict[str, int | bool], float16: bool) -> dict[str, int | bool]:
    return {name: config[name] for name in (*NAMES, "GROUP_M")} | {"FLOAT16": float16}


def _blocks(config: dict[str, int | bool]) -> dict[str, list[int]]:
    rows, columns, inner = config["BLOCK_M"] // 2, config["BLOCK_N"], config["BLOCK_K"]
    return {"a": [rows, inner], "b": [inner, columns], "c": [rows, columns // 2]}


def variants() -> Iterator[tuple[str, object, dict[str, str], dict[str, object], dict[str, int]]]:
    """What the resource report compiles: (label, kernel, signature, constexprs, launch options) per variant."""
    for number, config in enumerate(configurations(8192)):
        for dtype in ("bf16", "fp16") if number == 0 else ("bf16",):
            signature = {
                name: f"tensordesc<{dtype}[{rows},{columns}]>" for name, (rows, columns) in _blocks(config).items()
            }
            signature |= dict.fromkeys(("m", "n", "k"), "i32:16")
            sizes = "x".join(str(config[name]) for name in NAMES[:3])
            label = f"{dtype} {sizes} stages {config['STAGES']}, in partitions"
            yield label, gemm_pipes_kernel, signature, _constants(config, dtype == "fp16"), {"num_warps": 4}


def launch(
    a: torch.Tensor, b: torch.Tensor, c: torch.Tensor, config: dict[str, int | bool], warm_up: bool = False
) -> None:
    """Run the kernel with one configuration on checked matrices that TMA can read; with `warm_up`, only compile it."""
    (m, k), n = a.shape, b.shape[1]
    blocks = _blocks(config).values()
    sources = [TensorDescriptor.from_tensor(x, block) for x, block in zip((a, b, c), blocks, strict=True)]
    tiles = triton.cdiv(m, config["BLOCK_M"]) * triton.cdiv(n, config["BLOCK_N"])
    # Two programs in the interpreter, so that there, too, one walks over several tiles.
    programs = min(tiles, multiprocessors(a.device) if a.device.type == "cuda" else 2)
    constants = _constants(config, a.dtype == torch.float16) | {"num_warps": 4}
    if warm_up:
        gemm_pipes_kernel.warmup(*sources, m, n, k, grid=(programs,), **constants)
    else:
        gemm_pipes_kernel[(programs,)](*sources, m, n, k, **constants)
