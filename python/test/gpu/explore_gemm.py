"""Time a dense product whose last round of tiles is divided among all programs, beside TLE's and stock Triton's.

    python python/test/gpu/explore_gemm.py [--only TEXT ...] [--sizes MxNxK ...] [--rounds N] [--json FILE]

Tiles of 128 x 256 read a quarter less than those of 128 x 128, but the last round of them often leaves most of the GPU
idle. Here all programs share the k-steps of the tiles of that round evenly ("stream-K", for these tiles alone).

Each form is checked against float64, three launches in a row, then all are timed from CUDA graphs: in shuffled rounds,
as the benchmark does, and in turns of 4 ms, at one clock. Stock runs twice, so that the noise shows; ratios are to the
stock form that is fastest in the case.
"""

from __future__ import annotations

import argparse
import functools
import pathlib
import sys
from collections.abc import Callable, Iterator

import torch
import triton
import triton.language as tl
import triton_tle.language as tle
from triton.tools.tensor_descriptor import TensorDescriptor
from triton_tle.bench import dense
from triton_tle.bench.gemm import LIMIT, Case, error, make_inputs
from triton_tle.bench.harness import Timing, environment, format_table, save_json, time_in_rounds, time_in_turns
from triton_tle.bench.parallel import in_processes
from triton_tle.bench.providers import gemm_triton
from triton_tle.ops.gemm import NAMES, _programs, _tile_of, _variant
from triton_tle.ops.gemm import launch as launch_tle

CASES = (Case(8192, 8192, 1024), Case(4096, 4096, 4096), Case(8192, 8192, 8192), Case(2048, 4096, 7168))
SMALL = (Case(1, 8, 8), Case(200, 520, 1000), Case(1300, 1800, 72))  # checked only: partial tiles, few k-steps
TILES = {
    "128x256": (128, 256, 64, 4, True, 8),
    "256x128": (256, 128, 64, 4, True, 8),
    "128x128": (128, 128, 64, 3, True, 4),  # two programs a multiprocessor
}
LAUNCHES, TURN_MS = 3, 4.0


@triton.jit
def _halves(acc, BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr):
    """Left and right columns of a tile: buffers of a half leave room for the stages, and its sums for registers."""
    return tl.split(tl.permute(tl.reshape(acc, (BLOCK_M, 2, BLOCK_N // 2)), (0, 2, 1)))


@triton.jit
def _store(c, row, column, acc, BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr):
    left, right = _halves(acc, BLOCK_M, BLOCK_N)
    c.store([row, column], left.to(tl.bfloat16))
    c.store([row, column + BLOCK_N // 2], right.to(tl.bfloat16))


@triton.jit
def _slot(sums, owner, tile, share, BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr):
    """Pointers to the left half of the sums that program `owner` has of a tile; the right one is M * N // 2 behind.

    Slot 0 of a program is of its first tile, slot 1 of the next. The shape is that of `_in_parts`; in memory an element
    lies where the lanes of a warp, which begin with the first two dimensions, have 256 bytes in a row.
    """
    quad, row = tl.arange(0, 4)[:, None, None, None, None, None], tl.arange(0, 8)[None, :, None, None, None, None]
    rows = tl.arange(0, BLOCK_M // 16)[None, None, :, None, None, None]
    columns = tl.arange(0, BLOCK_N // 16)[None, None, None, :, None, None]
    upper = tl.arange(0, 2)[None, None, None, None, :, None]
    place = ((upper * (BLOCK_N // 16) + columns) * (BLOCK_M // 16) + rows) * 64 + row * 8 + quad * 2
    place = place + tl.arange(0, 2)[None, None, None, None, None, :]
    work, sharers, steps = share
    first = owner * work // sharers // steps
    return sums + (2 * owner + tile - first) * (BLOCK_M * BLOCK_N) + place


@triton.jit
def _in_parts(half, BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr):
    """Half of a tile as WGMMA leaves it in lanes (4 x 8), warps and registers: no thread gives another anything."""
    return tl.permute(tl.reshape(half, (BLOCK_M // 16, 2, 8, BLOCK_N // 16, 4, 2)), (4, 2, 0, 3, 1, 5))


@triton.jit
def _keep(
    c, sums, counters, acc, place, share, BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr, INTERPRETED: tl.constexpr
):  # fmt: skip
    """Keep the sums of a part of a tile; if all other parts are there, add them up and store the tile."""
    tile, row, column = place
    work, sharers, steps = share
    HALF: tl.constexpr = BLOCK_M * BLOCK_N // 2
    slot = _slot(sums, tl.program_id(0), tile, share, BLOCK_M, BLOCK_N)
    left, right = _halves(acc, BLOCK_M, BLOCK_N)
    tl.store(slot, _in_parts(left, BLOCK_M, BLOCK_N))
    tl.store(slot + HALF, _in_parts(right, BLOCK_M, BLOCK_N))
    # The owner of step s is the last program p with p * work // sharers <= s.
    first = ((tile * steps + 1) * sharers - 1) // work
    last = ((tile + 1) * steps * sharers - 1) // work
    # The sums of all threads lie in memory before one of them counts the program. Written as assembly, since loops with
    # a tl.debug_barrier are not pipelined.
    one = 1
    if not INTERPRETED:
        one = tl.inline_asm_elementwise("bar.sync 0; mov.b32 $0, $1;", "=r,r", [one], tl.int32, is_pure=False, pack=1)
    arrived = tl.atomic_add(counters + tile, one, sem="acq_rel", scope="gpu")
    if arrived == last - first:
        for half in tl.static_range(2):
            total = tl.zeros([4, 8, BLOCK_M // 16, BLOCK_N // 16, 2, 2], tl.float32)
            for owner in tl.range(first, last + 1, num_stages=1):
                theirs = _slot(sums, owner, tile, share, BLOCK_M, BLOCK_N)
                total += tl.load(theirs + half * HALF, cache_modifier=".cg")
            total = tl.reshape(tl.permute(total, (2, 4, 1, 3, 0, 5)), (BLOCK_M, BLOCK_N // 2))
            c.store([row, column + half * (BLOCK_N // 2)], total.to(tl.bfloat16))
        tl.store(counters + tile, 0)  # for the next launch


@triton.jit
def divided_tail_kernel(
    a, b, c, sums, counters, m, n, k,
    BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr, BLOCK_K: tl.constexpr, STAGES: tl.constexpr, GROUP_M: tl.constexpr,
    TOGETHER: tl.constexpr, INTERPRETED: tl.constexpr,
):  # fmt: skip
    """Whole tiles program_id(0), + num_programs(0), ... of C while all programs have one; then a share of the rest.

    a, b and c are descriptors. The k-steps of the remaining tiles, fewer than programs, are counted through, `work` in
    all; program p takes steps p * work // sharers to (p + 1) * work // sharers, parts of one or two tiles. Who has only
    part of a tile keeps fp32 sums in a slot of `sums`, [2 * programs, BLOCK_M * BLOCK_N], and counts itself in
    `counters`, [programs], zeros; who comes last adds up all of the tile's sums in the order of k. Nobody waits.

    TOGETHER: one loop over the k-steps of whole tiles and parts, so that copies for parts begin ahead of them, too.
    """
    program, programs = tl.program_id(0), tl.num_programs(0)
    tiles = tl.cdiv(m, BLOCK_M) * tl.cdiv(n, BLOCK_N)
    steps = tl.cdiv(k, BLOCK_K)
    rest = tiles % programs
    whole, work = tiles - rest, rest * steps
    sharers = tl.maximum(tl.minimum(programs, work), 1)  # where steps are fewer than programs, each has one or none
    begin, end = program * work // sharers, tl.minimum((program + 1) * work // sharers, work)
    share = work, sharers, steps
    a_tile = tle.gpu.alloc([BLOCK_M, BLOCK_K], tl.bfloat16)
    b_tile = tle.gpu.alloc([BLOCK_K, BLOCK_N], tl.bfloat16)
    if TOGETHER:
        acc = tl.zeros([BLOCK_M, BLOCK_N], tl.float32)
        index, row, column, first_step, step, last_step = program - programs, 0, 0, 0, -1, 0
        count = whole // programs * steps + tl.maximum(end - begin, 0)
        for _ in tle.pipeline(0, count, num_stages=STAGES, flatten=True):
            step += 1
            if step == last_step:
                # The next whole tile, or the first part, or the next.
                goes_on = index + programs < whole
                index = tl.where(goes_on, index + programs, tl.where(index < whole, whole + begin // steps, index + 1))
                before = (index - whole) * steps
                first_step = tl.where(goes_on, 0, tl.maximum(begin - before, 0))
                last_step = tl.where(goes_on, steps, tl.minimum(end - before, steps))
                tile_row, tile_column = _tile_of(index, m, n, BLOCK_M, BLOCK_N, GROUP_M)
                row, column, step = tile_row * BLOCK_M, tile_column * BLOCK_N, first_step
            tle.gpu.copy(a, a_tile, offsets=[row, step * BLOCK_K])
            tle.gpu.copy(b, b_tile, offsets=[step * BLOCK_K, column])
            acc = tl.dot(tl.load(tle.gpu.local_ptr(a_tile)), tl.load(tle.gpu.local_ptr(b_tile)), acc)
            if step == last_step - 1:
                if last_step - first_step == steps:
                    _store(c, row, column, acc, BLOCK_M, BLOCK_N)
                else:
                    _keep(c, sums, counters, acc, (index - whole, row, column), share, BLOCK_M, BLOCK_N, INTERPRETED)
                acc = tl.zeros([BLOCK_M, BLOCK_N], tl.float32)
    else:
        for index in tl.range(program, whole, programs, flatten=True, num_stages=STAGES):
            tile_row, tile_column = _tile_of(index, m, n, BLOCK_M, BLOCK_N, GROUP_M)
            row, column = tile_row * BLOCK_M, tile_column * BLOCK_N
            acc = tl.zeros([BLOCK_M, BLOCK_N], tl.float32)
            for start in tle.pipeline(0, k, BLOCK_K, num_stages=STAGES):
                tle.gpu.copy(a, a_tile, offsets=[row, start])
                tle.gpu.copy(b, b_tile, offsets=[start, column])
                acc = tl.dot(tl.load(tle.gpu.local_ptr(a_tile)), tl.load(tle.gpu.local_ptr(b_tile)), acc)
            _store(c, row, column, acc, BLOCK_M, BLOCK_N)
        if program < work:
            for tile in tl.range(begin // steps, (end - 1) // steps + 1, num_stages=1):
                tile_row, tile_column = _tile_of(whole + tile, m, n, BLOCK_M, BLOCK_N, GROUP_M)
                row, column = tile_row * BLOCK_M, tile_column * BLOCK_N
                first_step, last_step = tl.maximum(begin - tile * steps, 0), tl.minimum(end - tile * steps, steps)
                part_a = tle.gpu.alloc([BLOCK_M, BLOCK_K], tl.bfloat16)
                part_b = tle.gpu.alloc([BLOCK_K, BLOCK_N], tl.bfloat16)
                acc = tl.zeros([BLOCK_M, BLOCK_N], tl.float32)
                for start in tle.pipeline(first_step * BLOCK_K, last_step * BLOCK_K, BLOCK_K, num_stages=STAGES):
                    tle.gpu.copy(a, part_a, offsets=[row, start])
                    tle.gpu.copy(b, part_b, offsets=[start, column])
                    acc = tl.dot(tl.load(tle.gpu.local_ptr(part_a)), tl.load(tle.gpu.local_ptr(part_b)), acc)
                if last_step - first_step == steps:
                    _store(c, row, column, acc, BLOCK_M, BLOCK_N)
                else:
                    _keep(c, sums, counters, acc, (tile, row, column), share, BLOCK_M, BLOCK_N, INTERPRETED)


_spaces: dict[tuple, tuple[torch.Tensor, torch.Tensor]] = {}


def space(device: torch.device, programs: int, block_m: int, block_n: int) -> tuple[torch.Tensor, torch.Tensor]:
    """`sums` and `counters` of divided_tail_kernel, the same ones for every launch."""
    key = (device, programs, block_m, block_n)
    if key not in _spaces:
        sums = torch.full((2 * programs, block_m * block_n), float("nan"), device=device)
        _spaces[key] = sums, torch.zeros(programs, dtype=torch.int32, device=device)
    return _spaces[key]


def launch(
    a: torch.Tensor, b: torch.Tensor, c: torch.Tensor, config: dict, warm_up: bool = False, programs: int = 0
) -> None:
    """C = A B, bfloat16 matrices that TMA can read, by divided_tail_kernel; with `warm_up`, only compile.

    `programs`: how many; 0: as many as run at a time.
    """
    (m, k), n = a.shape, b.shape[1]
    programs = programs or _programs(config, a)
    if programs**2 * triton.cdiv(k, config["BLOCK_K"]) >= 2**31:
        raise ValueError(f"k must be less, got {k}: the kernel counts in 32 bits")
    shapes = ("BLOCK_M", "BLOCK_K"), ("BLOCK_K", "BLOCK_N"), ("BLOCK_M", "BLOCK_N")
    blocks = [[config[rows], config[columns]] for rows, columns in shapes]
    blocks[2][1] //= 2
    sources = [TensorDescriptor.from_tensor(x, block) for x, block in zip((a, b, c), blocks, strict=True)]
    arguments = (*sources, *space(a.device, programs, config["BLOCK_M"], config["BLOCK_N"]), m, n, k)
    constants = {name: value for name, value in config.items() if name != "FLATTEN"}
    constants["INTERPRETED"] = a.device.type != "cuda"
    if warm_up:
        divided_tail_kernel.warmup(*arguments, grid=(programs,), **constants)
    else:
        divided_tail_kernel[(programs,)](*arguments, **constants)


def configuration(tile: str) -> dict:
    return dict(zip(NAMES, TILES[tile], strict=True)) | {"GROUP_M": 8}


def tails() -> dict[str, dict]:
    """The configurations of divided_tail_kernel; parts in a loop of their own, or together with whole tiles."""
    found = {f"tail {tile}": configuration(tile) | {"TOGETHER": False} for tile in TILES}
    # 256x128 together would spill.
    together = {f"tail {tile}, together": configuration(tile) | {"TOGETHER": True} for tile in ("128x256", "128x128")}
    return found | together


def variants(arch: str) -> Iterator[tuple]:
    """What the resource report compiles."""
    for label, config in tails().items():
        _, _, signature, constants, options = _variant("bf16", config | {"PDL": False}, True)
        signature = {name: kind for name, kind in signature.items() if not name.startswith("stride")}
        for name in ("TMA", "FLOAT16", "FLATTEN", "PDL"):
            del constants[name]
        signature |= {"sums": "*fp32:16", "counters": "*i32:16"}
        yield label, divided_tail_kernel, signature, constants | {"INTERPRETED": False}, options


def forms() -> dict[str, Callable]:
    """By name: function of a, b, c and whether to compile only."""
    found: dict[str, Callable] = {name: functools.partial(launch, config=config) for name, config in tails().items()}
    for tile in ("128x256", "128x128"):
        config = configuration(tile)
        found[f"tle {tile}"] = functools.partial(launch_tle, config=config | {"PDL": False})
        stock = functools.partial(gemm_triton.launch, descriptors=True, config=config)
        found |= {f"stock {tile}": stock, f"stock {tile}, again": stock}
    return found


def call(name: str, inputs: dict[str, torch.Tensor], warm_up: bool = False) -> None:
    forms()[name](inputs["a"], inputs["b"], inputs["out"], warm_up=warm_up)


def compile_one(name: str, case: Case) -> None:
    call(name, make_inputs(case, 0), True)


def check(name: str, case: Case, inputs: dict[str, torch.Tensor]) -> str:
    """What is wrong with some launches in a row, which write into outputs that hold NaN; no text if nothing is."""
    results = []
    for _ in range(LAUNCHES):
        inputs["out"].fill_(float("nan"))
        call(name, inputs)
        results.append(inputs["out"].clone())
    worst = max(error(case, inputs, out) if bool(out.isfinite().all()) else float("inf") for out in results)
    if not worst < LIMIT:
        return f"error {worst:.1e}"
    if not all(torch.equal(out, results[0]) for out in results):
        return "launches differ"
    return "counters not 0" if any(bool(counters.any()) for _, counters in _spaces.values()) else ""


def timed(names: list[str], inputs: dict[str, torch.Tensor], rounds: int) -> dict[str, dict[str, Timing]]:
    """Milliseconds of one call, in rounds and in turns."""
    graphs = {name: dense._graph(functools.partial(call, name, inputs)) for name in names}
    replays = {name: replay for name, (replay, _) in graphs.items()}
    both = {"rounds": time_in_rounds(replays, rounds, dense.TURN_MS), "turns": time_in_turns(replays, rounds, TURN_MS)}
    for timings in both.values():
        for name, timing in timings.items():
            timing.milliseconds = [time / graphs[name][1] for time in timing.milliseconds]
    return both


def record(case: Case, timings: dict[str, Timing]) -> dict:
    """Figures by form, with ratios to all stock forms; "best" is the fastest of these, not counting the repeated."""
    stock = [name for name in timings if name.startswith("stock")]
    best = min((name for name in stock if "again" not in name), key=lambda name: timings[name].median, default=None)
    found = {}
    for name, timing in timings.items():
        found[name] = {
            "ms": timing.median,
            "tflops": case.flops / timing.median / 1e9,
            "spread": timing.spread,
            "ratio": {other: timing.ratio_to(timings[other]) for other in stock},
            "interval": {other: timing.interval_to(timings[other]) for other in stock},
            "rounds_ms": timing.milliseconds,
        }
    return {"best": best, "forms": found}


def table(title: str, result: dict) -> str:
    rows, best = [], result["best"]
    for name, entry in sorted(result["forms"].items(), key=lambda item: item[1]["ms"]):
        cells = [f"{1e3 * entry['ms']:.1f}", f"{entry['tflops']:.0f}", f"{entry['spread']:.1%}"]
        if best:
            cells += [f"{entry['ratio'][best]:.3f}", "{:.3f} to {:.3f}".format(*entry["interval"][best])]
        rows.append([name, *cells])
    return format_table([title, "us", "TFLOP/s", "spread", *([f"x {best}", "95 % interval"] if best else [])], rows)


def size(text: str) -> Case:
    m, n, k = map(int, text.split("x"))
    return Case(m, n, k)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", default=[""], metavar="TEXT", help="forms whose name contains one")
    parser.add_argument("--sizes", nargs="+", type=size, default=CASES, metavar="MxNxK", help="multiples of 16")
    parser.add_argument("--rounds", type=int, default=31)
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE")
    args = parser.parse_args()
    if not torch.cuda.is_available():
        print("needs an NVIDIA GPU", file=sys.stderr)
        return 1
    names = [name for name in forms() if any(text in name for text in args.only)]
    if not names:
        parser.error(f"--only names no form; there are {', '.join(forms())}")
    results: dict = {"environment": environment(), "failed": {}, "cases": []}
    print(", ".join(f"{key} {value}" for key, value in results["environment"].items()), flush=True)
    jobs = [(name, case) for name in names if "again" not in name for case in (*SMALL, args.sizes[0])]
    in_processes(compile_one, jobs)  # what fails is shown below
    for case in (*SMALL, *args.sizes):
        inputs = make_inputs(case, seed=2)
        right = []
        for name in names:
            try:
                problem = check(name, case, inputs)
            except Exception as failure:
                problem = f"{type(failure).__name__}: {str(failure)[:300]}"
            if problem:
                results["failed"][f"{case.label}, {name}"] = problem
                print(f"{case.label}, {name}: {problem}", flush=True)
            else:
                right.append(name)
        if case in SMALL or not right:
            continue
        entry = {"label": case.label}
        for way, timings in timed(right, inputs, args.rounds).items():
            entry[way] = record(case, timings)
            print("\n" + table(f"{case.label}, {way}", entry[way]), flush=True)
        results["cases"].append(entry)
        if args.json:
            save_json(args.json, results)
        torch.cuda.empty_cache()
    if args.json:
        save_json(args.json, results)
    return 1 if results["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
