"""The binding of the native library: results, diagnostics, errors, life beside libtriton and torch."""

import re
import subprocess
import sys
import time

import pytest
import triton_tle._native as native

MODULE = """
module {
  tt.func public @kernel(%x: f32) {
    %0 = tt.splat %x : f32 -> tensor<64xf32> loc("user.py":7:3)
    tt.return
  }
}
"""


def test_text_keeps_its_locations():
    text, diagnostics = native.run_passes(MODULE, "")
    assert '"user.py":7:3' in text and diagnostics == []
    assert native.run_passes(text, "")[0] == text


def test_passes_run_in_order():
    text, _ = native.run_passes(MODULE, "canonicalize,cse")
    assert "tt.splat" not in text


def test_options_reach_passes():
    text, _ = native.run_passes(MODULE, "canonicalize{max-iterations=1 region-simplify=disabled}")
    assert "tt.splat" not in text


def test_generic_form():
    text, _ = native.run_passes(MODULE, "", generic=True)
    assert '"tt.splat"(' in text


def test_each_pass_is_timed_once_for_all_functions():
    two = MODULE.rstrip().removesuffix("}") + "  tt.func private @other() {\n    tt.return\n  }\n}\n"
    start = time.thread_time()
    times = native.time_passes(two, "canonicalize,tt.func(cse,canonicalize),cse")
    spent = time.thread_time() - start
    assert [flag for flag, _ in times] == ["canonicalize", "cse", "canonicalize", "cse"]
    assert all(seconds > 0 for _, seconds in times) and sum(seconds for _, seconds in times) < spent
    with pytest.raises(native.NativeError, match="pipeline '"):
        native.time_passes(two, "no-such-pass")


def test_print_after_all_goes_to_stderr(capfd):
    native.run_passes(MODULE, "canonicalize,cse", print_after_all=True)
    dumps = re.findall(r"IR Dump After (\w+)", capfd.readouterr().err)
    assert dumps == ["CanonicalizerPass", "CSEPass"] or dumps == ["Canonicalizer", "CSE"]


def failing(location):
    return f"""
module {{
  tt.func public @kernel(%x: f32) {{
    %0 = "tt.splat"(%x) : (f32) -> tensor<3xf32> loc({location})
    tt.return
  }}
}}
"""


@pytest.mark.parametrize(
    "location",
    [
        '"user.py":7:3',
        '"name"("user.py":7:3)',
        'callsite("user.py":7:3 at "caller.py":9:1)',
        'callsite(callsite("a"("user.py":7:3) at "caller.py":9:1) at "outer.py":2:1)',
        'fused["only a name", "user.py":7:3, "user.py":8:3]',
        'fused<"tag">["user.py":7:3]',
    ],
)
def test_diagnostics_point_at_the_user_s_line(location):
    with pytest.raises(native.NativeError) as caught:
        native.run_passes(failing(location), "")
    (diagnostic,) = caught.value.diagnostics
    assert (diagnostic.severity, diagnostic.file, diagnostic.line, diagnostic.column) == ("error", "user.py", 7, 3)
    assert "must be a power of two" in diagnostic.message
    assert "user.py:7:3: error: " in str(caught.value)
    callers = [(note.file, note.line, note.message) for note in diagnostic.notes]
    assert callers == [
        (file, line, "called from here")
        for file, line in (("caller.py", 9), ("outer.py", 2))
        if f'"{file}"' in location
    ]


def test_no_location_is_said_so():
    with pytest.raises(native.NativeError) as caught:
        native.run_passes(failing("unknown"), "")
    (diagnostic,) = caught.value.diagnostics
    assert (diagnostic.file, diagnostic.line, diagnostic.column) == ("", 0, 0)


@pytest.mark.parametrize(
    "text, line, message",
    [
        ("module {\n  tt.frobnicate\n}", 2, "custom op 'tt.frobnicate' is unknown"),
        ('module {\n  "zz.op"() : () -> ()\n}', 2, "unregistered"),
        ("module {\n\n", 1, "expected"),
        ("module {\n  tt.func @f(%x: !tt.nothing) {\n    tt.return\n  }\n}", 2, "nothing"),
    ],
)
def test_malformed_text(text, line, message):
    with pytest.raises(native.NativeError) as caught:
        native.run_passes(text, "", name="input.mlir")
    first = caught.value.diagnostics[0]
    assert first.file == "input.mlir" and first.line == line
    assert message in first.message


def test_a_crash_is_an_error_and_the_process_lives_on():
    # MLIR 22.1 dereferences null where the element type of a dense array is index.
    text = "module attributes {tt.a = array<index: 1>} {\n}"
    for _ in range(3):
        with pytest.raises(native.NativeError, match="parser crashed on 'module'|expected"):
            native.run_passes(text, "canonicalize")
    assert "tt.splat" in native.run_passes(MODULE, "")[0]


@pytest.mark.parametrize("pipeline", ["no-such-pass", "canonicalize{no-such-option=1}", "canonicalize,,cse", "cse{"])
def test_malformed_pipeline(pipeline):
    with pytest.raises(native.NativeError, match="pipeline '"):
        native.run_passes(MODULE, pipeline)


STAYS = """
#b = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#s = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
module attributes {"ttg.num-warps" = 4 : i32, ttg.target = "cuda:90"} {
  tt.func public @kernel(%n: i32) {
    %zero = arith.constant 0 : i32
    %one = arith.constant 1 : i32
    %0 = ttg.local_alloc : () -> !ttg.memdesc<64x64xbf16, #s, #smem, mutable> loc("user.py":7:3)
    scf.for %i = %zero to %n step %one : i32 {
    } {tt.num_stages = 2 : i32} loc(callsite("user.py":9:5 at "user.py":20:1))
    tt.return
  }
}
"""
STAGING, SCHEDULE = "triton-tle-promote-local-store-staging", "triton-tle-tile-style-pipeline-schedule"


@pytest.mark.parametrize(
    "remarks, expected",
    [
        (".", [(STAGING, 7), (SCHEDULE, 9)]),
        ("^triton-tle-promote", [(STAGING, 7)]),
        ("tile-style|nothing", [(SCHEDULE, 9)]),
        ("nothing", []),
        ("", []),
    ],
)
def test_remarks_come_from_the_passes_that_were_asked(remarks, expected):
    _, diagnostics = native.run_passes(STAYS, f"{STAGING},{SCHEDULE}", remarks=remarks)
    assert [(d.pass_flag, d.line) for d in diagnostics] == expected
    assert all(d.severity == "remark" and d.file == "user.py" and d.notes == [] for d in diagnostics)
    if expected and expected[0][0] == STAGING:
        said = "the buffer stays where it is: nothing stores to it"
        assert str(diagnostics[0]) == f"user.py:7:3: remark: [{STAGING}] {said}"


def test_remarks_want_a_regular_expression():
    with pytest.raises(native.NativeError, match=r"remarks 'a\(': .*parenthes"):
        native.run_passes(STAYS, STAGING, remarks="a(")


def test_passes_are_listed_with_their_options():
    passes = {entry["flag"]: entry for entry in native.list_passes()}
    assert passes["cse"] == {"flag": "cse", "summary": "Eliminate common sub-expressions", "options": []}
    options = {option["name"]: option["default"] for option in passes["canonicalize"]["options"]}
    assert options["top-down"] == "true" and options["max-iterations"] == "10"


def test_build_info():
    info = native.build_info()
    assert info["llvm_version"].startswith("22.")
    assert isinstance(info["tle"], bool)
    assert re.fullmatch(r"[0-9a-f]{40}", info["digest"])


@pytest.mark.parametrize(
    "order",
    [("triton_tle._native", "triton._C.libtriton", "torch"), ("torch", "triton._C.libtriton", "triton_tle._native")],
)
def test_lives_beside_libtriton_and_torch(order):
    for module in order:
        pytest.importorskip(module)
    script = "\n".join(
        [f"import {module}" for module in order]
        + [
            "import torch, triton",
            "from triton._C.libtriton import ir",
            "from triton_tle import _native",
            f"text, _ = _native.run_passes({MODULE!r}, 'canonicalize')",
            "context = ir.context(); ir.load_dialects(context)",
            "assert torch.ones(8).sum() == 8",
        ]
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=300)
