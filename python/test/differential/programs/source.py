"""A program's Triton source, in a file, since Triton reads a kernel's source from one."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

from .generate import Program
from .nodes import PLAIN, TLE, walk

HEADER = '''\
"""Random tile program {seed}: {dtype}, num_warps={num_warps}, num_stages={num_stages}, n={n}."""

import triton
import triton.language as tl
import triton_tle.language as tle


@triton.jit
def plain_extract_tile(x, i, j, R: tl.constexpr, C: tl.constexpr, TR: tl.constexpr, TC: tl.constexpr):
    blocks = tl.reshape(x, [R // TR, TR, C // TC, TC])
    here = (tl.arange(0, R // TR) == i)[:, None, None, None] & (tl.arange(0, C // TC) == j)[None, None, :, None]
    chosen = tl.where(here, blocks, tl.zeros_like(blocks))
    return tl.sum(tl.sum(chosen, 2), 0).to(x.dtype)


@triton.jit
def plain_insert_tile(x, y, i, j, R: tl.constexpr, C: tl.constexpr, TR: tl.constexpr, TC: tl.constexpr):
    blocks = tl.reshape(x, [R // TR, TR, C // TC, TC])
    here = (tl.arange(0, R // TR) == i)[:, None, None, None] & (tl.arange(0, C // TC) == j)[None, None, :, None]
    return tl.reshape(tl.where(here, y[None, :, None, :], blocks), [R, C])
'''


def source(program: Program) -> str:
    """The module with the kernels `tle_form` and `plain_form`."""
    text = HEADER.format(
        seed=program.seed,
        dtype=program.dtype.name,
        num_warps=program.num_warps,
        num_stages=program.num_stages,
        n=program.n,
    )
    for form in (TLE, PLAIN):
        lines = ["pid = tl.program_id(0)"]
        lines += [line for node in walk(program.body) for line in node.setup(form)]
        lines += [line for node in program.body for line in node.lines(form)]
        body = "".join(f"    {line}\n" for line in lines)
        text += f"\n\n@triton.jit\ndef {form}_form({', '.join([*program.memory, 'n'])}):\n{body}"
    return text


def write(program: Program, folder: Path, fault: tuple[str, str] | None = None) -> Path:
    """Writes the source into `folder`; the name is the seed's. `fault`: a pattern in the TLE form, its replacement."""
    path = folder / f"program_{program.seed}.py"
    text = source(program)
    if fault is not None:
        before, head, form = text.partition("def tle_form")
        form, plain, after = form.partition("@triton.jit\ndef plain_form")
        faulty, count = re.subn(*fault, form)
        if not count:
            raise ValueError(f"program {program.seed} has no '{fault[0]}'")
        text = before + head + faulty + plain + after
    path.write_text(text)
    return path


def load(path: Path) -> ModuleType:
    """The module in a file."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module
