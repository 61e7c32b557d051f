"""Random tile programs: numerics in the interpreter, compilation without a GPU, faults that must be found.

TLE_DIFFERENTIAL_COUNT (100) and TLE_DIFFERENTIAL_SEED (0) choose them, TLE_DIFFERENTIAL_JOBS (2) how many processes.
"""

import os
import re
import subprocess
import sys
import threading

import pytest
from programs import generate, pool, source
from programs.shrink import shrink

COUNT = int(os.environ.get("TLE_DIFFERENTIAL_COUNT", "100"))
SEED = int(os.environ.get("TLE_DIFFERENTIAL_SEED", "0"))
JOBS = int(os.environ.get("TLE_DIFFERENTIAL_JOBS", "2"))
SEEDS = range(SEED, SEED + COUNT)

# One process compiles for one GPU: stock keeps the first one's fp8 conversions.
TARGETS = {
    90: lambda seed: [("tle", 90), ("plain through tle" if seed % 2 else "stock", 90)],
    80: lambda seed: [("tle" if seed % 4 else "plain through tle", 80)],
}

# A pattern in the TLE form, and what makes the program wrong.
FAULTS = [
    (r"tle\.cumsum\((\w+), (\d), reverse=False\)", r"tle.cumsum(\1, \2, reverse=True)"),
    (r"other=0\.0", "other=1.0"),
    (r"(\w+) < n \* 17 \+ 5", r"\1 <= n * 17 + 5"),
    (r"(?m)tl\.trans\((tl\.load\(.*\))\)$", r"tl.trans(\1 + 1)"),
    (r"& 7\) - 3", "& 7) - 2"),
    (r"tl\.max\(", "tl.min("),
    (r"(\d+) - tl\.arange", r"(\1 - 1) - tl.arange"),
    (r"tl\.atomic_add\((tle.*), 1, ", r"tl.atomic_add(\1, 2, "),
    (r"tle\.gpu\.async_wait\(0\)", "tle.gpu.async_wait(1)"),
    (r"tle\.extract_tile\((\w+), \(0,", r"tle.extract_tile(\1, (1,"),
    (r"tl\.dot\((\w+), (\w+), (\w+)\)", r"tl.dot(\1, \2)"),
    (r"range\(0, n, 1", "range(0, n + 1, 1"),
]


def problems(mode, requests, folder, jobs=JOBS):
    return [
        f"seed {request['seed']}, {way}: {text}"
        for request, answer in pool.answers(mode, requests, folder, jobs)
        for way, texts in answer.items()
        for text in texts
    ]


def test_the_interpreter_computes_what_the_programs_say(tmp_path):
    requests = [{"seed": seed, "ways": ["stock", "tle"]} for seed in SEEDS]
    assert not (found := problems("interpret", requests, tmp_path)), "\n".join(found)


@pytest.mark.parametrize("capability", TARGETS)
def test_programs_compile(tmp_path, monkeypatch, capability):
    monkeypatch.setenv("TRITON_CACHE_DIR", str(tmp_path / "cache"))
    requests = [{"seed": seed, "targets": TARGETS[capability](seed)} for seed in SEEDS]
    assert not (found := problems("compile", requests, tmp_path)), "\n".join(found)


def test_faults_are_found(tmp_path):
    """Each fault, put into some programs that have its pattern, is found in one of them at least."""
    texts = {seed: source.source(generate.program(seed)) for seed in range(200)}
    forms = {seed: text.partition("def tle_form")[2].partition("def plain_form")[0] for seed, text in texts.items()}
    requests = []
    for fault in FAULTS:
        seeds = [seed for seed, form in forms.items() if re.search(fault[0], form)]
        requests += [{"seed": seed, "ways": ["tle"], "fault": fault} for seed in seeds[:3]]
    caught = {
        tuple(request["fault"])
        for request, answer in pool.answers("interpret", requests, tmp_path, JOBS)
        if any("elements wrong" in text or "outside" in text for text in answer.get("tle", []))
    }
    assert [fault for fault in FAULTS if fault not in caught] == []


@pytest.mark.parametrize(
    "says, problem",
    [
        ("print('[', end='', flush=True); os._exit(3)", "the process died (status 3)"),
        ("print('nonsense', flush=True)", "JSONDecodeError: Expecting value: line 1 column 1 (char 0)"),
    ],
)
def test_a_process_that_gives_no_answer_is_no_reason_to_wait(tmp_path, monkeypatch, says, problem):
    command = [sys.executable, "-c", f"import os; input(); {says}"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    monkeypatch.setattr(pool.Worker, "start", lambda self: subprocess.Popen(command, text=True, **pipes))
    found = []
    requests = [{"seed": 1}, {"seed": 2}]
    asked = threading.Thread(target=lambda: found.extend(pool.answers("compile", requests, tmp_path, 2)), daemon=True)
    asked.start()
    asked.join(60)
    assert [answer for _, answer in found] == [{"program": [problem]}] * 2


def test_seeds_give_the_same_program_again():
    assert source.source(generate.program(7)) == source.source(generate.program(7))
    assert source.source(generate.program(7)) != source.source(generate.program(8))


def test_programs_have_what_they_should():
    """Every statement, way of staging, dtype and kind of loop is among some programs."""
    programs = [generate.program(seed) for seed in range(200)]
    found = [node for program in programs for node in generate.nodes.walk(program.body)]
    kinds = {type(node).__name__ for node in found}
    assert kinds >= {"Load", "Reload", "Cast", "Shrink", "Binary", "Exp2", "Dot", "Reduce", "Select", "Cumsum"}
    assert kinds >= {"ExtractTile", "InsertTile", "Histogram", "Store", "If", "Loop"}
    loads = [node for node in found if isinstance(node, generate.Load)]
    assert {load.way for load in loads} == set(generate.Load.WAYS)
    assert any(load.indices for load in loads) and any(load.limit for load in loads)
    loops = [node for node in found if isinstance(node, generate.nodes.Loop)]
    assert {loop.bounds[:2] for loop in loops} >= {("0", "n"), ("pid", "n"), ("0", "0"), ("0", "3")}
    assert {loop.stages for loop in loops} == {None, 1, 2, 3, 4}
    assert {program.dtype.name for program in programs} == {"float16", "bfloat16", "float32", "float8e5"}
    assert {program.n for program in programs} == {0, 1, 2, 3, 4, 5}
    assert any(node.atomic for node in found if isinstance(node, generate.nodes.Store))


def test_shrinking_keeps_what_fails():
    def size(program):
        return len(list(generate.nodes.walk(program.body)))

    def has_a_reload(program):
        program.expected()
        return any(isinstance(node, generate.nodes.Reload) for node in generate.nodes.walk(program.body))

    program = next(filter(has_a_reload, map(generate.program, range(100))))
    before = size(program)
    shrink(program, has_a_reload)
    assert has_a_reload(program) and size(program) <= 3 < before
