"""A stock kernel without TLE, free of races, of which some versions of compute-sanitizer's racecheck report one.

    compute-sanitizer --tool racecheck python python/test/gpu/racecheck_stock.py

Gluon's own lowering tells the warps of partitions what to run by a byte each, in shared memory. The default warps write
the bytes, all warps meet at `barrier.sync 1`, the others read them; so it goes at the start and at the end. In between
the default partition calculates a sum over its four warps, which meet at `bar.sync 0, 128`. Racecheck 2025.3 then takes
the last write and the last read for a race; without the sum it reports nothing, nor does 2026.4 in either case.
"""

from __future__ import annotations

import sys

import torch
from triton.experimental import gluon
from triton.experimental.gluon import language as gl


@gluon.jit
def add_up(x):
    x += gl.program_id(0) * 384
    index = gl.arange(0, 128, layout=gl.BlockedLayout([1], [32], [4], [0]))
    gl.store(x, gl.sum(gl.load(x + index), 0))


@gluon.jit
def copy(x):
    x += gl.program_id(0) * 384
    index = gl.arange(0, 128, layout=gl.BlockedLayout([1], [32], [4], [0]))
    gl.store(x + 128 + index, gl.load(x + 256 + index))


@gluon.jit
def sum_beside_copy(x):
    """In each row of x, [programs, 384] of float32: x[0] = sum(x[:128]), x[128:256] = x[256:]."""
    gl.warp_specialize([(add_up, (x,)), (copy, (x,))], [4], [40])


def main() -> int:
    """Runs 66 programs; 1 if a result is wrong."""
    x = torch.arange(66 * 384, device="cuda", dtype=torch.float32).view(66, 384) % 128
    expected = torch.cat([x[:, :128], x[:, 256:], x[:, 256:]], dim=1)
    expected[:, 0] = x[:, :128].sum(dim=1)
    sum_beside_copy[(66,)](x, num_warps=4)
    right = torch.equal(x, expected)
    print("results are right" if right else "results are WRONG")
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
