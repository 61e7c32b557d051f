"""``triton-opt`` below its command line; test/triton-opt shows the tool as a whole."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from stand_in import StandIn, diagnostic, use_library
from triton_tle.compiler import NativeLibraryError, bridge, catalog, expectations, opt
from triton_tle.compiler.pipelines import NATIVE, STOCK, Pass

ROOT = Path(__file__).parents[4]

MODULE = """\
module {
  tt.func public @f(%a: i32) -> i32 {
    %0 = arith.constant 1 : i32
    %1 = arith.addi %0, %0 : i32
    tt.return %1 : i32
  }
}
"""


def tool(*arguments, text=None):
    return subprocess.run(
        [sys.executable, str(ROOT / "bin" / "triton-opt"), *arguments], input=text, capture_output=True, text=True
    )


def test_passes_keep_the_order_of_the_command_line(tle):
    request = opt.parse_command_line(
        ["in.mlir", "-cse", "--tritongpu-pipeline=num-stages=5", "-triton-tle-raise-frontend", "--canonicalize"]
    )
    assert request.input == "in.mlir" and request.output == "-"
    assert request.passes == [
        Pass(STOCK, "cse"),
        Pass(STOCK, "tritongpu-pipeline", (("num-stages", 5),)),
        Pass(NATIVE, "triton-tle-raise-frontend"),
        Pass(STOCK, "canonicalize"),
    ]


def test_fork_copies_are_native_unless_the_engine_is_named(tle):
    flag = "-tritongpu-optimize-dot-operands"
    request = opt.parse_command_line([flag, "--engine=stock", flag, "--engine", "any", flag])
    assert [entry.engine for entry in request.passes] == [NATIVE, STOCK, NATIVE]


@pytest.mark.parametrize(
    "words, engines",
    [
        ("-cse", "native"),
        ("-cse -tritongpu-coalesce", "stock stock"),
        ("-triton-tle-raise-frontend -cse -tritongpu-coalesce -cse", "native native stock stock"),
        ("--engine=stock -cse --engine=native -cse --engine=any -cse", "stock native native"),
    ],
)
def test_mlir_s_own_passes_stay_where_the_module_is(monkeypatch, tle, words, engines):
    use_library(monkeypatch, StandIn(flags=(*tle.flags, "cse")))
    assert [entry.engine for entry in opt.parse_command_line(words.split()).passes] == engines.split()


def test_switches(tle):
    words = "-split-input-file --verify-diagnostics -o out.mlir --mlir-print-ir-after-all --mlir-print-debuginfo -"
    request = opt.parse_command_line(words.split())
    assert request == opt.Request("-", "out.mlir", [], True, True, True, True)


@pytest.mark.parametrize(
    "words, message",
    [
        ("--tritongpu-coalesc", "unknown pass or option '--tritongpu-coalesc'; did you mean --tritongpu-coalesce"),
        ("--xyzzy", "unknown pass or option '--xyzzy'$"),
        ("--engine=stock --triton-tle-raise-frontend", "'--triton-tle-raise-frontend' of the stock engine"),
        ("--engine=gpu", "--engine: got 'gpu', expected native, stock or any"),
        ("--tritongpu-pipeline=num-stages=x", "option 'num-stages' takes an integer, got 'x'"),
        ("--tritongpu-pipeline=stages=3", "has no option 'stages'; it takes: num-stages, dump-intermediate-steps"),
        ("--tritongpu-pipeline=3", "got '3', expected options as name=value"),
        ("--tritongpu-pipeline=num-stages='3", "got 'num-stages='3', expected options as name=value: No closing"),
        ("--remarks=(?i)dot", r"--remarks: got '\(\?i\)dot', expected a regular expression: '\(\?' is not known"),
        ("a.mlir b.mlir", "more than one input file: a.mlir b.mlir"),
        ("-o", "-o: expected a file name"),
    ],
)
def test_bad_command_lines(tle, words, message):
    with pytest.raises(opt.UsageError, match=message):
        opt.parse_command_line(words.split())


def without_library():
    raise NativeLibraryError("triton_tle._native cannot be loaded")


def test_a_missing_library_is_named(monkeypatch):
    monkeypatch.setattr(bridge, "native_passes", without_library)
    expected = "'--triton-tle-raise-frontend'; native passes are not available: triton_tle._native cannot be loaded"
    with pytest.raises(opt.UsageError, match=expected):
        opt.parse_command_line(["--triton-tle-raise-frontend"])
    assert opt.parse_command_line(["--cse"]).passes == [Pass(STOCK, "cse")]


def test_help_lists_every_pass_of_both_engines(tle):
    text = opt.help_text()
    native, stock = text.split("\nstock passes", 1)
    for engine, part in ((NATIVE, native), (STOCK, stock)):
        for entry in catalog.passes(engine):
            assert f"  --{entry.flag}\n" in part, entry.flag
    assert "num-stages=3  number of pipeline stages" in stock


def test_native_and_stock_in_one_run(tle, tmp_path, capsys):
    path = tmp_path / "in.mlir"
    path.write_text(MODULE)
    assert opt.main([str(path), "-triton-tle-raise-frontend", "-canonicalize", "-triton-tle-verify-lowered"]) == 0
    assert tle.calls == ["triton-tle-raise-frontend", "triton-tle-verify-lowered"]
    out = capsys.readouterr().out
    assert "arith.constant 2 : i32\n" in out and "loc" not in out


def test_native_diagnostics_reach_stderr(tle, monkeypatch, tmp_path, capsys):
    fails = diagnostic("error", "bad op", "in.mlir", 3, 5, [diagnostic("note", "see here", "in.mlir", 1, 1)])
    use_library(monkeypatch, StandIn(fails=fails))
    path = tmp_path / "in.mlir"
    path.write_text(MODULE)
    assert opt.main([str(path), "-triton-tle-raise-frontend"]) == 1
    assert capsys.readouterr().err == "in.mlir:3:5: error: bad op\nin.mlir:1:1: note: see here\n"


def test_remarks_are_shown_on_request(tle, monkeypatch, tmp_path, capsys):
    flag = "triton-tle-promote-local-store-staging"
    remark = diagnostic("remark", "it stays", "user.py", 7, 3, pass_flag=flag)
    library = use_library(monkeypatch, StandIn(says=[remark]))
    path = tmp_path / "in.mlir"
    path.write_text(MODULE)
    for words, wanted in ([], ""), (["--remarks"], "."), (["--remarks=staging"], "staging"):
        assert opt.main([str(path), f"--{flag}", *words]) == 0
        assert library.remarks.pop() == wanted
    assert f"user.py:7:3: remark: [{flag}] it stays\n" in capsys.readouterr().err
    assert opt.main([str(path), "--remarks=a("]) == 2
    assert "--remarks: got 'a(', expected a regular expression" in capsys.readouterr().err


def test_output_file_and_standard_input(tmp_path):
    out = tmp_path / "out.mlir"
    done = tool("-", "--canonicalize", "-o", str(out), text=MODULE)
    assert (done.returncode, done.stdout) == (0, "")
    assert "arith.constant 2 : i32" in out.read_text()


def test_locations_are_printed_on_request(tmp_path):
    done = tool("--engine=stock", "--canonicalize", "--mlir-print-debuginfo", text=MODULE)
    assert 'loc("<stdin>":4:10)' in done.stdout


def test_a_failing_stock_pass_exits_with_1(tmp_path):
    path = tmp_path / "in.mlir"
    path.write_text(
        "module {\n  tt.func @f(%a: i32) {\n    %0 = tt.splat %a : i32 -> tensor<4xf32>\n    tt.return\n  }\n}\n"
    )
    done = tool(str(path), "--engine=stock", "--cse")
    assert done.returncode == 1 and done.stdout == ""
    assert "in.mlir" in done.stderr and ":3:10" in done.stderr and "requires the same element type" in done.stderr


def test_a_missing_file_exits_with_2(tmp_path):
    done = tool(str(tmp_path / "nothing.mlir"))
    assert done.returncode == 2 and "No such file" in done.stderr


def test_what_is_no_text_exits_with_2(tle, tmp_path, capsys):
    path = tmp_path / "in.mlir"
    path.write_bytes(b"\xff\xfe")
    assert opt.main([str(path)]) == 2
    assert f"triton-opt: got '{path}', expected MLIR text in UTF-8: " in capsys.readouterr().err


def test_an_output_that_cannot_be_written_exits_with_2(tle, tmp_path, capsys):
    path = tmp_path / "in.mlir"
    path.write_text(MODULE)
    assert opt.main([str(path), "--engine=stock", "--cse", "-o", str(tmp_path)]) == 2
    assert f"triton-opt: -o: got '{tmp_path}', which cannot be written: " in capsys.readouterr().err


@pytest.mark.parametrize("given", [False, True])
def test_the_environment_stays_as_it_was(tle, monkeypatch, tmp_path, capsys, given):
    monkeypatch.delenv("TRITON_REPRODUCER_PATH", raising=False)
    before = str(tmp_path / "elsewhere.mlir") if given else None
    if given:
        monkeypatch.setenv("TRITON_REPRODUCER_PATH", before)
    path = tmp_path / "in.mlir"
    path.write_text(MODULE)
    assert opt.main([str(path), "--engine=stock", "--cse"]) == 0
    assert os.environ.get("TRITON_REPRODUCER_PATH") == before


@pytest.mark.parametrize(
    "text, expected",
    [
        ('%0 = arith.addi %a, %b : i32 loc("f.py":1:2)', "%0 = arith.addi %a, %b : i32"),
        ('%0 = x.y loc(callsite("f"("a.py":1:2) at fused[#loc1, "g(h"]))', "%0 = x.y"),
        ('tt.func @f(%a: i32 loc("a"(#loc)), %b: i32 loc(#loc2)) {', "tt.func @f(%a: i32, %b: i32) {"),
        ('"x.y"() {text = "keep loc(this)"} : () -> () loc(unknown)', '"x.y"() {text = "keep loc(this)"} : () -> ()'),
        ("%loc = foo.loc(%a) : i32", "%loc = foo.loc(%a) : i32"),
    ],
)
def test_locations_are_removed(text, expected):
    assert opt.without_locations(f'#loc = loc("f.py":1:1)\n{text}\n#loc1 = loc(unknown)\n') == expected + "\n"


# Expected diagnostics.


def test_expectations_are_read():
    text = """\
// expected-error @below {{one}}
// expected-note @+1 {{two}}
code // expected-warning {{three}}
// expected-remark @above {{four}}
// expected-error @unknown {{five}}"""
    assert expectations.expected(text) == [
        (3, "error", "one"),
        (3, "note", "two"),
        (3, "warning", "three"),
        (3, "remark", "four"),
        (0, "error", "five"),
    ]


def test_diagnostics_of_both_engines_are_read():
    said = """\
loc("/tmp/in.mlir":3:7): error: first
second line of it
in.mlir:4:1: warning: second
 %x = code
 ^
<unknown>:0: error: third
"""
    assert expectations.diagnostics(said) == [
        (3, "error", "first\nsecond line of it"),
        (4, "warning", "second"),
        (0, "error", "third"),
    ]


def test_comparison_names_what_is_missing_and_what_is_new():
    wanted = [(3, "error", "first"), (5, "error", "never")]
    came = [(3, "error", "the first one"), (4, "warning", "surprise"), (4, "note", "no matter")]
    assert expectations.compare("f", wanted, came) == [
        "f:4: unexpected warning: surprise",
        'f:5: expected error "never" did not come',
    ]
