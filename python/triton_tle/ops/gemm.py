"""Dense matrix product C = A B of bfloat16 or float16 matrices, summed in fp32.

Each program walks over tiles of C, its own first and then every num_programs-th. Tiles of A and B are staged in shared
memory by name; the compiler makes the staging asynchronous, STAGES tiles deep, and the tensor cores read the staged
tiles where they are. The walk and the loop over K are one loop after compilation, so that the copies for the next tile
of C run while this one is stored.

On Hopper more than 128 rows of A take the kernel of gemm_pipes.py.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
import triton
import triton.language as tl
from triton.tools.tensor_descriptor import TensorDescriptor

import triton_tle.language as tle
from triton_tle.compiler.pipelines import parse_arch

from . import gemm_pipes
from ._checks import check_tensor, require
from ._devices import capability_of, multiprocessors, on_device_of, plain_torch, runs_kernels
from ._gemm_parts import store_halves, tile_of
from ._launches import pdl_options, wait_for_predecessor

DTYPES = (torch.bfloat16, torch.float16)


@triton.jit
def _stage(source, tile, row, column, rows, columns, stride, TMA: tl.constexpr):
    """Copy a block of a matrix into a tile; 0 outside of the matrix."""
    if TMA:
        tle.gpu.copy(source, tile, offsets=[row, column])
    else:
        r = row + tl.arange(0, tile.shape[0])
        c = column + tl.arange(0, tile.shape[1])
        pointers = source + r.to(tl.int64)[:, None] * stride + c[None, :]
        tle.gpu.copy(pointers, tile, mask=(r < rows)[:, None] & (c < columns)[None, :], other=0.0)


@triton.jit
def gemm_kernel(
    a,
    b,
    c,
    m,
    n,
    k,
    stride_a,
    stride_b,
    stride_c,
    TMA: tl.constexpr,
    FLOAT16: tl.constexpr,
    BLOCK_M: tl.constexpr,
    BLOCK_N: tl.constexpr,
    BLOCK_K: tl.constexpr,
    STAGES: tl.constexpr,
    FLATTEN: tl.constexpr,
    GROUP_M: tl.constexpr,
    PDL: tl.constexpr,
):
    """Tiles program_id(0), program_id(0) + num_programs(0), ... of C.

    a, b and c are descriptors with TMA, else pointers with strides between rows. FLATTEN: one loop over tiles and K.
    PDL: the launch may begin before the kernel in front of it has ended.
    """
    wait_for_predecessor(PDL)
    dtype: tl.constexpr = tl.float16 if FLOAT16 else tl.bfloat16
    tiles = tl.cdiv(m, BLOCK_M) * tl.cdiv(n, BLOCK_N)
    a_tile = tle.gpu.alloc([BLOCK_M, BLOCK_K], dtype)
    b_tile = tle.gpu.alloc([BLOCK_K, BLOCK_N], dtype)
    for index in tl.range(tl.program_id(0), tiles, tl.num_programs(0), flatten=FLATTEN, num_stages=STAGES):
        tile_row, tile_column = tile_of(index, m, n, BLOCK_M, BLOCK_N, GROUP_M)
        row, column = tile_row * BLOCK_M, tile_column * BLOCK_N
        acc = tl.zeros([BLOCK_M, BLOCK_N], tl.float32)
        for start in tle.pipeline(0, k, BLOCK_K, num_stages=STAGES):
            _stage(a, a_tile, row, start, m, k, stride_a, TMA)
            _stage(b, b_tile, start, column, k, n, stride_b, TMA)
            acc = tl.dot(tl.load(tle.gpu.local_ptr(a_tile)), tl.load(tle.gpu.local_ptr(b_tile)), acc)
        if TMA:
            store_halves(c, row, column, acc, dtype)
        else:
            r = row + tl.arange(0, BLOCK_M)
            q = column + tl.arange(0, BLOCK_N)
            pointers = c + r.to(tl.int64)[:, None] * stride_c + q[None, :]
            tl.store(pointers, acc.to(dtype), mask=(r < m)[:, None] & (q < n)[None, :])


NAMES = ("BLOCK_M", "BLOCK_N", "BLOCK_K", "STAGES", "FLATTEN", "num_warps")


def configurations(m: int, capability: int = 90) -> list[dict[str, int | bool]]:
    """Block sizes, stages and warps worth trying for `m` rows of A, the best guess first.

    Those with PIPES are for the kernel of gemm_pipes.py, and matrices that TMA can read and write.

    PDL where a launch is short. Where it is not, the next one's programs would come two on one multiprocessor and none
    on another, and walk over their tiles at different speeds.
    """
    if capability // 10 != 9:
        choices = [(64, 64, 32, 3, False, 4)]
    elif m <= 64:
        choices = [(64, 64, 128, 6, False, 4), (64, 64, 128, 5, True, 4), (64, 64, 128, 5, False, 4)]
        choices += [(64, 64, 256, 3, True, 4), (64, 128, 128, 4, True, 4)]
    elif m <= 128:
        choices = [(128, 64, 128, 4, True, 4), (128, 64, 128, 4, False, 4), (128, 64, 64, 6, True, 4)]
        choices += [(128, 64, 64, 5, False, 4), (128, 128, 64, 5, True, 8), (64, 64, 128, 5, True, 4)]
    else:
        choices = [(128, 256, 64, 4, True, 8), (128, 128, 64, 3, True, 4), (128, 256, 64, 3, True, 8)]
        choices += [(256, 128, 64, 4, True, 8), (128, 256, 64, 4, False, 8), (128, 256, 64, 3, False, 8)]
        choices += [(128, 128, 64, 3, False, 8)]
    pipes = gemm_pipes.configurations(m) if capability // 10 == 9 else []
    return pipes + [dict(zip(NAMES, choice, strict=True)) | {"GROUP_M": 8, "PDL": m <= 128} for choice in choices]


def variants(arch: str) -> Iterator[tuple[str, object, dict[str, str], dict[str, object], dict[str, int]]]:
    """What the resource report compiles: (label, kernel, signature, constexprs, launch options) per variant."""
    capability = parse_arch(arch)
    if capability // 10 == 9:
        yield from gemm_pipes.variants()
    for m in (64, 128, 8192) if capability // 10 == 9 else (8192,):
        plain = [config for config in configurations(m, capability) if "PIPES" not in config]
        for number, config in enumerate(plain):
            if capability >= 90:
                yield _variant("bf16", config, True)
                if number == 0:
                    yield _variant("fp16", config, True)
        if m == 8192:
            yield _variant("bf16", pointer_configuration(capability), False)


def _variant(dtype: str, config: dict, tma: bool) -> tuple:
    blocks = {name: config[f"BLOCK_{name}"] for name in "MNK"}
    shapes = {"a": (blocks["M"], blocks["K"]), "b": (blocks["K"], blocks["N"]), "c": (blocks["M"], blocks["N"] // 2)}
    signature = {
        name: f"tensordesc<{dtype}[{rows},{columns}]>" if tma else f"*{dtype}:16"
        for name, (rows, columns) in shapes.items()
    }
    signature |= dict.fromkeys(("m", "n", "k", "stride_a", "stride_b", "stride_c"), "i32:16")
    constants = {name: value for name, value in config.items() if name != "num_warps"}
    constants |= {"TMA": tma, "FLOAT16": dtype == "fp16"}
    options = {"num_warps": config["num_warps"]} | ({"launch_pdl": True} if config["PDL"] else {})
    label = f"{dtype} {blocks['M']}x{blocks['N']}x{blocks['K']} stages {config['STAGES']}"
    label += ", one loop" * config["FLATTEN"] + f", {config['num_warps']} warps" + ("" if tma else ", pointers")
    return label, gemm_kernel, signature, constants, options


def pointer_configuration(capability: int = 90) -> dict[str, int | bool]:
    """What is used where TMA cannot be: a row of a matrix starts at no multiple of 16 bytes, or the GPU has none."""
    if capability // 10 != 9:
        return configurations(8192, capability)[0]
    return dict(zip(NAMES, (128, 128, 64, 3, False, 8), strict=True)) | {"GROUP_M": 8, "PDL": False}


def _programs(config: dict[str, int | bool], a: torch.Tensor) -> int:
    """How many programs run at a time; two in the interpreter, so that there, too, one walks over several tiles."""
    if a.device.type != "cuda":
        return 2
    stage_bytes = (config["BLOCK_M"] + config["BLOCK_N"]) * config["BLOCK_K"] * a.element_size()
    resident = 2 if stage_bytes * config["STAGES"] + config["BLOCK_M"] * config["BLOCK_N"] < 115000 else 1
    return resident * multiprocessors(a.device)


def fits_tma(*matrices: torch.Tensor) -> bool:
    """Whether TMA can copy blocks of these matrices: sixteen-byte rows, on a GPU that has it."""
    aligned = all(x.data_ptr() % 16 == 0 and x.stride(0) * x.element_size() % 16 == 0 for x in matrices)
    return aligned and capability_of(matrices[0].device) >= 90


def launch(
    a: torch.Tensor, b: torch.Tensor, c: torch.Tensor, config: dict[str, int | bool], warm_up: bool = False
) -> None:
    """Run a kernel with one configuration on checked matrices; with `warm_up`, only compile it."""
    (m, k), n = a.shape, b.shape[1]
    tma = fits_tma(a, b, c)
    if "PIPES" in config:
        if not (tma and k):
            raise ValueError("config has PIPES, but " + ("TMA cannot read or write these matrices" if k else "k is 0"))
        return gemm_pipes.launch(a, b, c, config, warm_up)
    sources = [a, b, c]
    if tma:
        shapes = ("BLOCK_M", "BLOCK_K"), ("BLOCK_K", "BLOCK_N"), ("BLOCK_M", "BLOCK_N")
        blocks = [[config[rows], config[columns]] for rows, columns in shapes]
        blocks[2][1] //= 2
        sources = [TensorDescriptor.from_tensor(x, block) for x, block in zip(sources, blocks, strict=True)]
    tiles = triton.cdiv(m, config["BLOCK_M"]) * triton.cdiv(n, config["BLOCK_N"])
    if config["FLATTEN"]:
        tiles = min(tiles, _programs(config, a))
    arguments = (*sources, m, n, k, a.stride(0), b.stride(0), c.stride(0))
    constants = {"TMA": tma, "FLOAT16": a.dtype == torch.float16} | config
    constants |= pdl_options(a.device) if config["PDL"] else {}
    if warm_up:
        gemm_kernel.warmup(*arguments, grid=(tiles,), **constants)
    else:
        gemm_kernel[(tiles,)](*arguments, **constants)


def gemm(a: torch.Tensor, b: torch.Tensor, *, out: torch.Tensor | None = None) -> torch.Tensor:
    """C = A B, summed in fp32. The product has no gradient.

    On CPU tensors this calculates in plain torch operations, or with TRITON_INTERPRET=1 runs the kernel itself in
    Triton's interpreter.

    Args:
        a: [m, k], bfloat16 or float16, any m and k, less than 2**31 each.
        b: [k, n], dtype of a.
        out: where to write the product, [m, n], dtype of a; memory of its own, not that of a or b.
        All tensors lie on one device, with a contiguous last dimension and any distance between rows.

    Returns:
        [m, n], dtype of a.

    Raises:
        TypeError: a tensor has another dtype.
        ValueError: a shape, stride or device that is not supported.
    """
    check_tensor("a", a, dtype=DTYPES, shape=(None, None))
    check_tensor("b", b, dtype=a.dtype, shape=(a.shape[1], None), device=a.device)
    shape = (a.shape[0], b.shape[1])
    if out is None:
        out = torch.empty(shape, dtype=a.dtype, device=a.device)
    check_tensor("out", out, dtype=a.dtype, shape=shape, device=a.device)
    apart = shape[0] < 2 or out.stride(0) >= shape[1]
    require(apart, "out", f"strides {tuple(out.stride())}", "have a place of its own for each element")
    if out.numel() == 0:
        return out
    if a.shape[1] == 0:
        return out.zero_()
    if runs_kernels("a", a):
        capability = capability_of(a.device)
        tma = fits_tma(a, b, out)
        with on_device_of(a):
            launch(a, b, out, configurations(shape[0], capability)[0] if tma else pointer_configuration(capability))
    else:
        with plain_torch(a):
            out.copy_(a.float() @ b.float())
    return out
