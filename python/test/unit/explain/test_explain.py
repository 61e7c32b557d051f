"""``python -m triton_tle explain``: what it says of divided kernels, of tile loops, and of kernels without TLE."""

import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest
import triton
from triton.backends.compiler import GPUTarget
from triton_tle import cli
from triton_tle.compiler import report, runner
from triton_tle.explain import analysis, picture, text
from triton_tle.explain.facts import Nest, Step, flatten

HERE = Path(__file__).resolve().parent
COMPILER_TESTS = HERE.parent / "compiler"
OWN = str(HERE / "explain_kernels.py")
TILE_LOOPS = str(COMPILER_TESTS / "tile_loop_kernels.py")
SVG = "{http://www.w3.org/2000/svg}"


def explained(name, label):
    (variant,) = (v for v in report.variants_of(name, "sm_90a") if v.label == label)
    return analysis.explain(variant, "sm_90a", name)


@pytest.fixture(scope="module")
def forward():
    return explained("sparse_mla_fwd_pipes", "d_qk 576")


@pytest.fixture(scope="module")
def divided():
    return explained(TILE_LOOPS, "product divided")


@pytest.fixture(scope="module")
def whole():
    return explained(TILE_LOOPS, "product whole")


def steps_of(explained, partition, pipe):
    """Kinds of the steps with a pipe in a partition, each once, in order."""
    kinds = (step.kind for step in flatten(explained.partitions[partition].steps) if step.pipe == pipe)
    return list(dict.fromkeys(kinds))


# The forward in four partitions.


def test_partitions_of_the_forward(forward):
    found = [(p.name, p.first_warp, p.warps, p.given, p.registers) for p in forward.partitions]
    assert found == [
        ("add", 0, 4, 160, None),
        ("add", 4, 4, 160, 160),
        ("score", 8, 4, 152, 152),
        ("load", 12, 4, 40, 40),
    ]
    assert forward.warps == 16 and forward.registers == 128


def test_machine_code_is_told_apart(forward):
    codes = [partition.machine for partition in forward.partitions]
    assert [code.mix.get("mma", 0) > 0 for code in codes] == [True, True, True, False]
    assert codes[0].mix["mma"] == codes[1].mix["mma"]
    assert [code.mix.get("copy", 0) > 0 for code in codes] == [False, False, False, True]
    (variant,) = (v for v in report.variants_of("sparse_mla_fwd_pipes", "sm_90a") if v.label == "d_qk 576")
    measured = report.compile_variant(variant, "sm_90a")
    assert sum(code.mix.get("mma", 0) for code in codes) == measured.mma["HGMMA"]
    assert 0.9 * measured.sass_instructions < sum(code.instructions for code in codes) <= measured.sass_instructions
    assert not forward.notes


def test_pipes_of_the_forward(forward):
    load, score, left, right = 3, 2, 0, 1
    found = {
        p.name: (p.slots, [field for field, _ in p.fields], p.writer, dict(p.readers), p.full, p.empty)
        for p in forward.pipes
    }
    users = {"score": score}
    both = {"left": left, "right": right}
    assert found == {
        "keys0": (2, ["k"], load, users | {"add": left}, 128, 256),
        "keys1": (2, ["k"], load, users | {"add": left}, 128, 128),
        "keys2": (2, ["k"], load, users | {"add": right}, 128, 128),
        "keys3": (2, ["k", "rope", "bias"], load, users | {"add": right}, 256, 128),
        "queries": (1, ["k0", "k1", "k2", "k3", "rope"], load, {"reader": score}, 128, 128),
        "scales": (2, ["scale"], score, both, 128, 256),
        "weights": (1, ["p"], score, both, 128, 256),
        "sums": (1, ["factor"], score, both, 128, 256),
    }
    arrivals = {pipe.name: pipe.arrivals for pipe in forward.pipes}
    assert arrivals["keys0"] == "copies" and arrivals["weights"] == "stores"
    assert arrivals["keys3"] == "copies and stores"


def test_shared_memory_of_the_forward(forward):
    assert forward.limit == 227 * 1024
    sizes = {buffer.name: (buffer.bytes, buffer.slots, buffer.tile) for buffer in forward.buffers}
    assert sizes["keys3.k"] == (2 * 64 * 128 * 2, 2, "64x128xbf16")
    assert sizes["keys3.rope"] == (2 * 64 * 64 * 2, 2, "64x64xbf16")
    assert sizes["keys3.bias"] == (2 * 64 * 4, 2, "64xf32")
    assert sizes["weights.p"] == (64 * 64 * 2, 1, "64x64xbf16")
    assert sizes["keys0 barriers"] == (4 * 8, 4, "1xi64") and sizes["queries barriers"] == (2 * 8, 2, "1xi64")
    # All live as long as the kernel: no two share a byte, and all end within what the kernel asks for.
    known = sorted((buffer.offset, buffer.bytes) for buffer in forward.buffers if buffer.bytes)
    assert len(known) == 14 + 8
    assert all(a + size <= b for (a, size), (b, _) in zip(known, known[1:]))
    assert known[0][0] == 0 and known[-1][0] + known[-1][1] <= forward.shared <= forward.limit
    by_pipe = {pipe.name: pipe.barriers for pipe in forward.pipes}
    offsets = {buffer.name: buffer.offset for buffer in forward.buffers}
    assert all(offsets[f"{name} barriers"] == offset for name, offset in by_pipe.items())


def test_order_of_the_forward(forward):
    for pipe in forward.pipes:
        assert steps_of(forward, pipe.writer, pipe.name) == ["acquire", "commit"]
        for _, reader in pipe.readers:
            # `add` releases the keys for `score`, too, but for the block with which `score` begins a tile early.
            implied = reader == 2 and pipe.name in ("keys1", "keys2", "keys3")
            assert steps_of(forward, reader, pipe.name) == ["wait"] + ["release"] * (not implied)
    (items,) = (step for step in forward.partitions[2].steps if isinstance(step, Nest))
    assert items.detail == "item = program_id(0) .. items step num_programs(0)"
    (tiles,) = (step for step in items.body if isinstance(step, Nest))
    assert tiles.detail.startswith("_tile = 0 .. ")
    kinds = [step.kind for step in flatten(tiles.body)]
    assert kinds.count("product") == 6
    # A tile's products are waited for before its softmax; then both slots for its results; only then, between the two
    # results, the next tile's first products start, and end behind both.
    order = [kind for kind in kinds if kind in ("finish", "acquire", "commit", "product")]
    assert order == ["product"] * 5 + ["finish", "acquire", "acquire", "commit", "product", "commit", "finish"]
    assert "registers @ keys3.rope.T -> 64x64xf32, async" in [step.detail for step in flatten(tiles.body)]


def test_text_of_the_forward(forward):
    lines = text.render(forward).splitlines()
    assert max(map(len, lines)) <= text.WIDTH
    assert any(line.split()[:4] == ["2", "score", "8-11", "152"] for line in lines)
    (row,) = (line for line in lines if line.startswith("  keys3 "))
    assert row.split() == ("keys3 2 k, rope, bias 3 load 2 score, 1 add 2 x 256 2 x 128 copies and stores".split())
    assert f"Shared memory: {forward.shared} of 232448 bytes, {232448 - forward.shared} free" in lines
    for partition in ("0 add, warps 0-3, 160 registers", "3 load, warps 12-15, 40 registers"):
        assert f"  {partition}" in lines
    assert text.render(forward, 60).count("…") > 10 and max(map(len, text.render(forward, 60).splitlines())) == 60


def test_picture_of_the_forward(forward):
    root = ET.fromstring(picture.render(forward))
    assert root.tag == f"{SVG}svg"
    width, height = (float(root.get(name)) for name in ("width", "height"))
    texts = [(node.text or "") + "".join(child.tail or "" for child in node) for node in root.iter(f"{SVG}text")]
    for wanted in ("0 add", "1 add", "2 score", "3 load", "warps 12-15, registers 40", "keys3.rope", "wait queries"):
        assert wanted in texts, wanted
    for pipe in forward.pipes:
        assert any(entry.startswith(f"{pipe.name}: {pipe.slots} slot") for entry in texts), pipe.name
    # An arrow for each partition that reads a pipe.
    arrows = [node for node in root.iter(f"{SVG}line") if node.get("marker-end")]
    assert len(arrows) == sum(len({reader for _, reader in pipe.readers}) for pipe in forward.pipes)
    # Nothing outside of the picture.
    for node in root.iter(f"{SVG}rect"):
        if node.get("x"):
            assert 0 <= float(node.get("x")) and float(node.get("x")) + float(node.get("width")) <= width
            assert 0 <= float(node.get("y")) and float(node.get("y")) + float(node.get("height")) <= height
    style = root.find(f"{SVG}style").text
    assert "prefers-color-scheme:dark" in style
    used = {name for node in root.iter() for name in (node.get("class") or "").split()}
    assert all(f".{name}" in style for name in used), used
    assert not list(root.iter(f"{SVG}script")) and "http" not in picture.render(forward).replace(SVG[1:-1], "")


# Loops that the compiler divides, and tile loops.


def test_a_loop_that_the_compiler_divides(divided):
    assert [(p.name, p.warps) for p in divided.partitions] == [("consumer", 8), ("producer", 4)]
    (pipe,) = divided.pipes
    assert (pipe.slots, pipe.writer, [end for _, end in pipe.readers]) == (4, 1, [0])
    assert (pipe.full, pipe.empty) == (4 * 32, 8 * 32)
    assert [buffer.bytes for _, buffer in pipe.fields] == [4 * 128 * 64 * 2] * 2
    codes = [partition.machine for partition in divided.partitions]
    assert codes[0].mix["mma"] == 4 and "copy" not in codes[0].mix
    assert codes[1].mix["copy"] == 16 and "mma" not in codes[1].mix


def test_long_names_leave_room_for_numbers():
    rows = [("partition", "warps", "instr."), ("0 " + "long_" * 30, "0-3", "849")]
    head, line = text.table(rows, right=(2,), names=(0,))
    assert len(line) <= text.WIDTH and line.endswith("…  0-3       849") and head.endswith("instr.")


def test_long_names_of_buffers_leave_room_for_lines(divided):
    long = replace(divided.buffers[0], name="long_" * 30, place="another_file.py:321")
    shown = text.render(replace(divided, buffers=(long, *divided.buffers))).splitlines()
    (line,) = (line for line in shown if "long_long" in line)
    assert len(line) <= text.WIDTH and line.endswith("…  another_file.py:321")


def test_stores_by_inline_assembly_are_steps():
    shown = text.render(explained("mla_decode_fp8_pipes", "one split"))
    assert shown.count("store    by inline PTX") == 2  # of each half of the columns


def test_three_partitions_that_the_compiler_makes():
    found = explained("sparse_mla_fwd", "d_qk 576, partitions")
    assert [partition.name for partition in found.partitions] == ["sums", "scores", "producer"]
    codes = [partition.machine.mix for partition in found.partitions]
    assert [("mma" in mix, "copy" in mix) for mix in codes] == [(True, False), (True, False), (False, True)]


def test_a_tile_loop(whole):
    (partition,) = whole.partitions
    assert not whole.pipes and partition.given is None
    ring = {buffer.name: (buffer.slots, buffer.bytes) for buffer in whole.buffers if buffer.role == "buffer"}
    assert ring["tile"] == (4, 4 * 128 * 64 * 2)
    (loop,) = (step for step in partition.steps if isinstance(step, Nest) and step.kind == "loop")
    assert loop.detail == "k = 0 .. K step 64"
    kinds = [step.kind for step in flatten(loop.body)]
    assert kinds.index("await") < kinds.index("product")
    assert "copy" in kinds
    ET.fromstring(picture.render(whole))
    assert "no partitions" in text.render(whole)


def test_a_kernel_without_tle(monkeypatch):
    monkeypatch.syspath_prepend(str(COMPILER_TESTS))
    found = explained(str(COMPILER_TESTS / "report_kernels.py"), "clean")
    (partition,) = found.partitions
    assert partition.machine.mix["mma"] > 0
    # 3 stages of a 64x64 tile each of A and B in bf16.
    assert sorted((b.slots, b.bytes) for b in found.buffers if b.role == "buffer")[-2:] == [(3, 3 * 64 * 64 * 2)] * 2
    nothing = explained(str(COMPILER_TESTS / "report_kernels.py"), "no dot")
    assert not nothing.buffers and "Shared memory: none" in text.render(nothing)
    assert [step.kind for step in flatten(nothing.partitions[0].steps)] == ["load", "load", "store"]
    ET.fromstring(picture.render(nothing))


def test_text_with_characters_that_xml_reserves(whole):
    steps = (Step("load", "a < b & \"c\" > 'd'"),)
    partition = replace(whole.partitions[0], name="<&>", steps=steps)
    root = ET.fromstring(picture.render(replace(whole, kernel='k"<&', partitions=(partition,))))
    texts = ["".join(node.itertext()) for node in root.iter(f"{SVG}text")]
    assert "0 <&>" in texts and any("a < b & \"c\" > 'd'" in entry for entry in texts)


def test_a_pipe_that_tma_fills():
    found = explained(OWN, "by TMA")
    (pipe,) = found.pipes
    # One thread of the writer's only warp arrives, besides the bytes that TMA counts.
    assert (pipe.arrivals, pipe.full, pipe.empty) == ("TMA", 1, 128)
    assert [partition.warps for partition in found.partitions] == [4, 1]
    details = [(step.kind, step.detail) for step in flatten(found.partitions[1].steps)]
    assert ("copy", "tiles.a 64x64xbf16 by TMA") in details
    assert ("barrier", "tiles barriers expects 8192 bytes") in details
    assert [kind for kind, _ in details if kind in ("acquire", "commit")] == ["acquire", "commit"]


@pytest.mark.parametrize("cols", [64, 128])
def test_buffers_of_one_line_and_name(cols):
    """A helper function that makes a pipe, called twice on one line; of its two fields one is used."""
    found = explained(OWN, f"rings {cols}")
    assert [(pipe.name, [field for field, _ in pipe.fields]) for pipe in found.pipes] == [
        ("ring", ["spare", "tile"]),
        ("ring #2", ["spare", "tile"]),
    ]
    sizes = {buffer.name: (buffer.bytes, buffer.tile) for buffer in found.buffers if buffer.role != "scratch"}
    assert sizes == {
        "ring.tile": (2 * 64 * 64 * 2, "64x64xbf16"),
        "ring #2.tile": (2 * cols * 64 * 2, f"{cols}x64xbf16"),
        "ring barriers": (4 * 8, "1xi64"),
        "ring #2 barriers": (4 * 8, "1xi64"),
    }
    # All live as long as the kernel.
    places = sorted((buffer.offset, buffer.bytes) for buffer in found.buffers if buffer.bytes)
    assert all(a + size <= b for (a, size), (b, _) in zip(places, places[1:]))
    assert places[0][0] == 0 and places[-1][0] + places[-1][1] <= found.shared
    by_name = {buffer.name: buffer.offset for buffer in found.buffers}
    for pipe in found.pipes:
        assert [buffer.offset for _, buffer in pipe.fields] == [-1, by_name[f"{pipe.name}.tile"]]
        assert (pipe.barriers, pipe.full, pipe.empty) == (by_name[f"{pipe.name} barriers"], 128, 128)
    multiplied, loaded = ([(s.kind, s.detail) for s in flatten(p.steps)] for p in found.partitions)
    assert ("product", f"ring.tile @ ring #2.tile.T -> 64x{cols}xf32, async") in multiplied
    assert [step for step in loaded if step[0] in ("acquire", "copy")] == [
        ("acquire", "ring"),
        ("copy", "ring.tile 64x64xbf16"),
        ("acquire", "ring #2"),
        ("copy", f"ring #2.tile {cols}x64xbf16"),
    ]
    ET.fromstring(picture.render(found))
    assert "spare" not in text.render(found).partition("Pipes (")[0]


def test_numbers_of_allocations():
    module = """
      %0 = ttg.local_alloc : () -> !ttg.memdesc<2x64xi8, #shared, #smem, mutable> loc(#loc)
      %1 = ttg.local_alloc {note = "x"} : () -> !ttg.memdesc<2x64xi8, #shared, #smem, mutable>
      %2 = ttg.local_alloc %1 : (tensor<64xi8>) -> !ttg.memdesc<64xi8, #shared, #smem>
    """
    assert analysis.number_allocations(module) == module.replace(
        "alloc :", "alloc {tle.allocation = 0 : i32} :"
    ).replace("{note", "{tle.allocation = 1 : i32, note")


# The page.


def test_the_page_shows_what_is_printed():
    """All but the sizes of machine code, which change with ptxas and with every pass."""
    variant = report.variants_of(str(HERE / "explain_kernels.py"), "sm_90a")[0]
    printed = text.render(analysis.explain(variant, "sm_90a"))
    sample, *_ = re.findall(r"```text\n(.*?)```", (HERE.parents[3] / "docs" / "explain.md").read_text(), re.DOTALL)
    code = re.compile(r"^(  \d \w+ +\d+-\d+ +\d+(?: \(left\))?) .*$", re.MULTILINE)
    assert len(code.findall(printed)) == 2
    assert code.sub(r"\1", sample) == code.sub(r"\1", printed)


# The command.


def test_command_writes_picture_and_facts(tmp_path, capsys):
    svg, facts = tmp_path / "k.svg", tmp_path / "k.json"
    arguments = ["explain", TILE_LOOPS, "--variant", "gathered_sum 64 2 divided"]
    assert cli.main([*arguments, "--svg", str(svg), "--json", str(facts)]) == 0
    out = capsys.readouterr()
    assert out.out.startswith("gathered_sum (tile_loop_kernels.py), variant 'gathered_sum 64 2 divided', sm_90a\n")
    assert "others: " in out.err
    ET.parse(svg)
    loaded = json.loads(facts.read_text())
    assert [partition["name"] for partition in loaded["partitions"]] == ["consumer", "producer"]
    assert loaded["pipes"][0]["slots"] == 2
    assert cli.main([*arguments, "--json", "-"]) == 0
    assert json.loads(capsys.readouterr().out) == loaded


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["no_such"], r"name: no operator 'no_such'; there are: "),
        (["./kernel.ttgir"], r"name: no operator './kernel.ttgir', nor a Python file; operators are: flash_attention,"),
        (["nothing.py"], r"name: no file 'nothing.py'"),
        ([TILE_LOOPS + ":nothing"], r"name: '.*:nothing' registers no kernel"),
        ([TILE_LOOPS, "--variant", "xyz"], r"--variant: no label contains 'xyz'; labels are 'gathered_sum 64 2 div"),
        ([TILE_LOOPS, "--arch", "sm_ninety"], r"--arch: got 'sm_ninety', expected sm_75 or newer"),
        ([TILE_LOOPS, "--svg", "/nowhere/k.svg"], r"--svg: got '/nowhere/k.svg', but there is no folder '/nowhere'"),
        ([TILE_LOOPS, "--svg", "/"], r"--svg: got '/', expected a file, but this is a folder"),
        ([TILE_LOOPS, "--json", "-", "--profile", "p"], r"--json: got '-', but --profile prints a table there, too"),
        ([TILE_LOOPS, "--json", "/proc/k.json"], r"--json: got '/proc/k.json', which cannot be written: "),
    ],
)
def test_errors_name_argument_value_and_rule(arguments, message, capsys, monkeypatch):
    monkeypatch.setattr(analysis, "explain", lambda *_: pytest.fail("compiled before arguments were checked"))
    assert cli.main(["explain", *arguments]) == 2
    error = capsys.readouterr().err
    assert re.search(f"triton_tle explain: {message}", error), error


def test_a_kernel_that_does_not_compile(capsys):
    assert cli.main(["explain", str(HERE / "explain_kernels.py"), "--arch", "sm_80"]) == 2
    error = capsys.readouterr().err
    assert "explain: variant 'three slots' does not compile for sm_80: at " in error, error
    assert "partitions need sm_90" in error


def test_command_line_in_a_process_of_its_own(tmp_path):
    path = os.pathsep.join([str(COMPILER_TESTS.parents[2]), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, "-m", "triton_tle", "explain", TILE_LOOPS, "--variant", "gathered_sum 64 2 whole"]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": path})
    assert done.returncode == 0, done.stderr
    assert "no partitions, 4 warps" in done.stdout


def test_explaining_does_not_change_what_is_compiled():
    (variant,) = (v for v in report.variants_of(TILE_LOOPS, "sm_90a") if v.label == "gathered_sum 64 2 divided")
    before = report.compile_variant(variant, "sm_90a")
    analysis.explain(variant, "sm_90a")
    after = report.compile_variant(variant, "sm_90a")
    assert (before.ptx_bytes, before.sass_instructions) == (after.ptx_bytes, after.sass_instructions)


def test_numbers_of_allocations_do_not_change_what_is_compiled():
    (variant,) = (v for v in report.variants_of(OWN, "sm_90a") if v.label == "rings 128")

    def compiled():
        with report.fresh_compilation():
            return triton.compile(variant.source(), target=GPUTarget("cuda", 90, 32), options=dict(variant.options)).asm

    plain = compiled()
    with runner.watching(analysis.LAST_PASS, changes={analysis.LOWER_PIPES: analysis.number_allocations}) as watched:
        numbered = compiled()
    assert len(watched) == 2 and all("tle.allocation" in module for module in watched.values())
    assert "tle.allocation" not in plain["ttgir"] and plain["ptx"] == numbered["ptx"]
