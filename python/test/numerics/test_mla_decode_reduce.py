"""The decode reduce: in the interpreter against float64, its table of launch configurations, tuning, other targets."""

import argparse
import io
import logging
import os
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest
import torch
import triton
import triton_tle
from triton.backends.compiler import GPUTarget
from triton_tle.bench import tune_reduce
from triton_tle.bench.mla_decode_reduce import error_of
from triton_tle.bench.tune_reduce import compile_ahead, shapes_to_tune, tune
from triton_tle.commands import tune as command
from triton_tle.compiler import report
from triton_tle.ops import mla_decode_reduce, mla_decode_reduce_reference
from triton_tle.ops import mla_decode_reduce_table as table
from triton_tle.ops.mla_metadata import DecodeShape, choose_splits

SIZES = {"splits": 3, "tokens": [2, 2], "h_q": 8, "d_v": 128, "sink": False, "config": None}
CASES = {
    "three splits": {},
    "one split": {"splits": 1},
    "many splits": {"splits": 37, "d_v": 64},
    "sink": {"sink": True},
    "512 columns": {"d_v": 512, "sink": True},
    "1024 columns": {"d_v": 1024},
    "rows that fill no program": {
        "tokens": [3, 1], "h_q": 24,
        "config": {"rows": 16, "columns": 128, "vector": 2, "splits_at_once": 2, "num_warps": 1},
    },
    "vector 1, two pieces of a row": {
        "config": {"rows": 1, "columns": 64, "vector": 1, "splits_at_once": 8, "num_warps": 1}, "sink": True
    },
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_merge_matches_reference(interpreted, name):
    errors = interpreted("mla_decode_reduce", **SIZES | CASES[name])
    assert errors["out"] < 4e-3 and errors["lse"] < 1e-6, errors


def partials(splits=3, b=2, s_q=1, h_q=8, d_v=64):
    generator = torch.Generator().manual_seed(0)
    return torch.randn((splits, b, s_q, h_q, d_v), generator=generator), torch.randn(
        (splits, b, s_q, h_q), generator=generator
    )


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("fault", [float("nan"), 3.0])
def test_the_benchmark_sees(which, fault):
    """A NaN, too, in whichever result."""
    expected = torch.ones(2, 1, 8, 64, dtype=torch.float64), torch.zeros(2, 8, 1, dtype=torch.float64)
    results = expected[0].bfloat16(), expected[1].float()
    assert error_of(results, expected) == 0
    results[which][1, 0] += fault
    assert not error_of(results, expected) < 5e-3


def test_reference_is_attention_over_all_keys():
    generator = torch.Generator().manual_seed(0)
    scores = torch.randn((4, 2, 1, 8, 10), generator=generator).double()
    values = torch.randn((4, 10, 64), generator=generator).double()
    lse = scores.logsumexp(-1)
    out = torch.einsum("pbshk,pkd->pbshd", scores.softmax(-1), values)
    merged, merged_lse = mla_decode_reduce_reference(out, lse)
    everything = torch.cat(list(scores), -1)
    torch.testing.assert_close(merged, everything.softmax(-1) @ values.flatten(0, 1))
    torch.testing.assert_close(merged_lse, everything.logsumexp(-1).transpose(1, 2))


def test_cpu_tensors_take_the_reference():
    partial_out, partial_lse = partials()
    partial_lse[:, 1, 0, 2] = -torch.inf
    out, lse = mla_decode_reduce(partial_out, partial_lse)
    expected = mla_decode_reduce_reference(partial_out, partial_lse)
    torch.testing.assert_close(out.double(), expected[0], rtol=1e-2, atol=1e-6)
    torch.testing.assert_close(lse.double(), expected[1])
    assert (out[1, 0, 2] == 0).all() and lse[1, 2, 0] == torch.inf


REFUSED = {
    "dtype": ({"partial_out": torch.zeros(3, 2, 1, 8, 64).double()}, TypeError, "must have dtype torch.float32"),
    "rank": ({"partial_out": torch.zeros(3, 2, 8, 64)}, ValueError, "partial_out must have 5 dimensions"),
    "no split": ({"partial_out": torch.zeros(0, 2, 1, 8, 64)}, ValueError, r"\(splits\) must be 1 to 256, got 0"),
    "d_v": ({"partial_out": torch.zeros(3, 2, 1, 8, 96)}, ValueError, "power of two from 64 to 1024, got 96"),
    "strides": (
        {"partial_out": torch.zeros(3, 2, 1, 64, 8).transpose(3, 4)},
        ValueError,
        "partial_out must have stride 1",
    ),
    "not dense": (
        {"partial_out": torch.zeros(3, 2, 1, 16, 64)[:, :, :, :8]},
        ValueError,
        "partial_out must be contiguous within a split",
    ),
    "lse size": ({"partial_lse": torch.zeros(2, 2, 1, 8)}, ValueError, r"partial_lse must have shape \[3, 2, 1, 8\]"),
    "lse strides": (
        {"partial_lse": torch.zeros(3, 2, 1, 16)[..., ::2][..., :8]},
        ValueError,
        "partial_lse must have stride 1",
    ),
    "sink size": ({"attn_sink": torch.zeros(9)}, ValueError, r"attn_sink must have shape \[8\], got \[9\]"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_argument(name):
    change, error, message = REFUSED[name]
    partial_out, partial_lse = partials()
    with pytest.raises(error, match=message):
        mla_decode_reduce(**{"partial_out": partial_out, "partial_lse": partial_lse} | change)


def test_compiles_without_graph_breaks():
    partial_out, partial_lse = partials()
    compiled = torch.compile(lambda a, b: mla_decode_reduce(a, b)[0] * 2, fullgraph=True, backend="aot_eager")
    assert torch.equal(compiled(partial_out, partial_lse), mla_decode_reduce(partial_out, partial_lse)[0] * 2)
    torch.library.opcheck(torch.ops.triton_tle.mla_decode_reduce, (partial_out, partial_lse))


# The table


def test_power_of_two_above():
    assert [table.power_of_two_above(value) for value in (0, 1, 2, 3, 4, 5, 1023)] == [1, 1, 2, 4, 4, 8, 1024]


@pytest.fixture
def tuned(tmp_path, monkeypatch):
    """A folder for the table, on a machine whose GPU is called "GPU" and has 132 multiprocessors."""
    monkeypatch.setenv(table.FOLDER_VARIABLE, str(tmp_path))
    monkeypatch.setattr(table, "_gpu", lambda device: ("GPU", 132))
    table.clear_caches()
    yield tmp_path / table.FILE_NAME
    table.clear_caches()


DEVICE = torch.device("cpu")
CONFIG = table.ReduceConfig(rows=2, columns=512, vector=4, splits_at_once=2, num_warps=4)


def test_a_line_is_used_for_its_shapes_and_no_others(tuned, caplog):
    caplog.set_level(logging.DEBUG, "triton_tle.tuned")
    table.write_table(tuned, {table.key_for("GPU", 132, 128, 512, 8, 32): table.Entry(CONFIG, 12.5)})
    assert table.lookup(DEVICE, 128, 512, 8, 32) == table.lookup(DEVICE, 128, 512, 5, 17) == CONFIG
    assert not caplog.records
    for shape in ((64, 512, 8, 32), (128, 256, 8, 32), (128, 512, 4, 32), (128, 512, 8, 16)):
        assert table.lookup(DEVICE, *shape) == table.general_config(shape[1], shape[2], shape[0] * shape[3])
    assert len(caplog.records) == 4
    table.lookup(DEVICE, 64, 512, 8, 32)
    table.lookup(DEVICE, 64, 512, 7, 31)
    assert len(caplog.records) == 4, "a miss is logged once"
    shape = DecodeShape(2, 1, 128, 2048, 0, True, DEVICE)
    assert choose_splits(shape) > 1 and table.find(DEVICE, 16, 512, 8, 32) is None
    assert len(caplog.records) == 4, "what is only looked at is launched by nobody"
    assert "heads=64" in caplog.messages[0] and "the general one is used" in caplog.messages[0]


def test_lines_of_another_gpu_are_not_used(tuned):
    for gpu, count in (("other", 132), ("GPU", 78)):
        table.write_table(tuned, {table.key_for(gpu, count, 128, 512, 8, 32): table.Entry(CONFIG, 1.0)})
        table.clear_caches()
        assert table.lookup(DEVICE, 128, 512, 8, 32) == table.general_config(512, 8, 128 * 32)


@pytest.mark.parametrize(
    "line, reason",
    [
        ("GPU,132,128,512,8,32,3,512,4,2,4,1.0", "rows must be one of"),
        ("GPU,132,128,512,8,32,2,1024,4,2,4,1.0", "columns must be one of"),
        ("GPU,132,128,512,8,32,2,512,8,2,4,1.0", "vector must be one of"),
        ("GPU,132,128,512,8,32,1,512,4,2,8,1.0", "columns must be at least 32 * num_warps * vector = 1024, got 512"),
        ("GPU,132,128,512,8,32,2,512,4,2,4,fast", "could not convert"),
        ("GPU,132,128,512,8,32,2,512,4", "column splits_at_once is missing"),
        ("GPU,132,128,512,8,32,2,512,4,2,4,nan", "microseconds must be positive and finite, got nan"),
        ("GPU,132,128,512,8,32,2,512,4,2,4,-1", "microseconds must be positive and finite, got -1.0"),
    ],
)
def test_lines_that_do_not_fit_are_ignored(tuned, caplog, line, reason):
    caplog.set_level(logging.DEBUG, "triton_tle.tuned")
    tuned.write_text(",".join(table.COLUMNS) + "\n" + line + "\n")
    assert table.lookup(DEVICE, 128, 512, 8, 32) == table.general_config(512, 8, 128 * 32)
    assert f"{tuned}:2: line ignored" in caplog.messages[0] and reason in caplog.messages[0]


@pytest.mark.parametrize("content", [b"\xff\xfe", b"gpu\n\0", "a" * 200_000], ids=["no text", "no csv", "long field"])
def test_a_file_that_is_no_table_is_not_used(tuned, caplog, content):
    caplog.set_level(logging.DEBUG, "triton_tle.tuned")
    tuned.write_bytes(content if isinstance(content, bytes) else f"gpu\n{content}\n".encode())
    assert table.lookup(DEVICE, 128, 512, 8, 32) == table.general_config(512, 8, 128 * 32)
    assert str(tuned) in caplog.messages[0]


def test_a_user_without_home(monkeypatch):
    monkeypatch.delenv(table.FOLDER_VARIABLE, raising=False)
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)  # what it does where nobody knows the home
    table.clear_caches()
    assert table.user_path().name == table.FILE_NAME
    assert table.find(DEVICE, 128, 512, 8, 32) is None


@pytest.mark.parametrize("d_v", [64, 128, 256, 512, 1024])
def test_configurations_can_be_launched(d_v):
    for rows in (8, 4096):
        assert table.general_config(d_v, 8, rows).problem(d_v) is None
    found = table.candidates(d_v, 8)
    assert len(found) >= 2 and len(set(found)) == len(found)
    assert all(config.problem(d_v) is None for config in found)


# Tuning


def test_tuning_keeps_the_fastest_and_goes_on_where_it_stopped(tmp_path):
    path, seen = tmp_path / "new" / "t.csv", []
    keys = shapes_to_tune("GPU", 132, heads=[64], d_v=[512], splits=[2, 3, 4], concurrency=[1, 8])
    assert [(key.splits, key.concurrency) for key in keys] == [(2, 1), (4, 1), (2, 8), (4, 8)]

    def measure(key, config):
        seen.append(key)
        if key == keys[2]:
            raise KeyboardInterrupt
        if config.num_warps == 1:
            raise RuntimeError("out of registers")
        return 10.0 if config == table.candidates(512, key.splits)[-1] else 20.0 + config.rows

    with pytest.raises(KeyboardInterrupt):
        tune(path, keys, measure, stream=io.StringIO())
    assert set(table.read_table(path)) == set(keys[:2])
    assert [entry.name for entry in path.parent.iterdir()] == ["t.csv"]

    seen.clear()
    keys_before, stream = keys[:2], io.StringIO()
    second = lambda key, config: seen.append(key) or 5.0  # noqa: E731
    assert tune(path, keys, second, stream=stream) == 2
    assert set(seen) == set(keys[2:]), "what the table has is not measured again"
    entries = table.read_table(path)
    assert set(entries) == set(keys)
    for key in keys_before:
        assert entries[key] == table.Entry(table.candidates(512, key.splits)[-1], 10.0)
    assert "1/2" in stream.getvalue() and "2/2, 0 s left" in stream.getvalue()
    assert tune(path, keys, second, stream=stream) == 0
    assert tune(path, keys, second, again=True, stream=stream) == 4


KILLED = """
import io, pathlib, sys, time
from triton_tle.bench.tune_reduce import shapes_to_tune, tune
keys = shapes_to_tune("GPU", 132, [8], [512], [2, 4, 8, 16, 32], [1, 2, 4, 8])
def measure(key, config):
    time.sleep(3600 if key == keys[-1] else 0.002)  # the last one is never done
    return 1.0
tune(pathlib.Path(sys.argv[1]), keys, measure, stream=io.StringIO())
"""


def test_a_killed_tuning_leaves_a_table_to_go_on_with(tmp_path):
    path = tmp_path / "t.csv"
    keys = shapes_to_tune("GPU", 132, [8], [512], [2, 4, 8, 16, 32], [1, 2, 4, 8])
    package = os.path.dirname(os.path.dirname(triton_tle.__file__))
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([package, os.environ.get("PYTHONPATH", "")])}
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(path)], env=environment)
    deadline = time.monotonic() + 600  # a hang
    while len(table.read_table(path)) < 3:
        assert time.monotonic() < deadline and process.poll() is None
    process.kill()
    process.wait()
    before = table.read_table(path)
    assert 3 <= len(before) < len(keys)
    assert tune(path, keys, lambda key, config: 2.0, stream=io.StringIO()) == len(keys) - len(before)
    after = table.read_table(path)
    assert set(after) == set(keys) and all(after[key] == entry for key, entry in before.items())


def test_compiling_ahead_shows_progress():
    """What does not compile, and without a GPU that is all, is left to tuning."""
    stream = io.StringIO()
    compile_ahead(shapes_to_tune("GPU", 132, [8], [64], [2], [1]), stream)
    lines, count = stream.getvalue().splitlines(), len(set(table.candidates(64, 2)))
    assert len(lines) == count and lines[-1].endswith(f"{count}/{count}, 0 s left, compiled")


def test_tuning_keeps_lines_of_other_gpus(tmp_path):
    other = table.key_for("other", 78, 64, 512, 2, 1)
    table.write_table(tmp_path / "t.csv", {other: table.Entry(CONFIG, 3.0)})
    keys = shapes_to_tune("GPU", 132, [64], [512], [2], [1])
    tune(tmp_path / "t.csv", keys, lambda key, config: 1.0, stream=io.StringIO())
    assert set(table.read_table(tmp_path / "t.csv")) == {other, *keys}


def test_shapes_that_cannot_be_tuned():
    with pytest.raises(ValueError, match="splits must be 1 to 256, got 300"):
        shapes_to_tune("GPU", 132, [64], [512], [300], [1])
    assert shapes_to_tune("GPU", 132, [128], [512], [256], [1024]) == [], "64 GiB of partial results"


def test_a_shape_for_which_nothing_runs(tmp_path):
    def measure(key, config):
        raise RuntimeError("out of registers")

    keys = shapes_to_tune("GPU", 132, [64], [64], [2], [1])
    with pytest.raises(ValueError, match="no configuration runs for ReduceKey"):
        tune(tmp_path / "t.csv", keys, measure, stream=io.StringIO())
    assert not (tmp_path / "t.csv").exists()


@pytest.mark.skipif(torch.cuda.is_available(), reason="a GPU is there")
def test_command_without_gpu(capsys):
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    assert command.run(parser.parse_args(["mla_decode_reduce"])) == 1
    assert "needs an NVIDIA GPU" in capsys.readouterr().err


@pytest.mark.parametrize(
    "place, message",
    [
        ("folder", "--csv: got '.*', expected a file, but this is a folder"),
        ("file/table.csv", "--csv: got '.*', whose folder cannot be made: "),
        ("bytes", "--csv: got '.*', which cannot be read as a table: 'utf-8' codec"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused_before_measuring(monkeypatch, tmp_path, place, message):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("")
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "current_device", lambda: 0)
    properties = SimpleNamespace(name="GPU", multi_processor_count=132)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: properties)
    monkeypatch.setattr(tune_reduce, "compile_ahead", lambda keys: pytest.fail("compiled"))
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    with pytest.raises(ValueError, match=message):
        command.run(parser.parse_args(["mla_decode_reduce", "--csv", str(tmp_path / place)]))


# Targets


@pytest.mark.parametrize("arch", ["sm_80", "sm_90a", "sm_100a", "sm_120a"])
def test_compiles_for_nvidia(arch):
    for variant in report.variants_of("mla_decode_reduce", arch):
        assert report.compile_variant(variant, arch).clean, variant.label


@pytest.mark.parametrize("operator", ["mla_decode", "mla_decode_reduce"])
@pytest.mark.parametrize("arch, waits", [(90, True), (80, False)])
def test_kernels_wait_for_the_one_in_front(operator, arch, waits):
    variant = report.variants_of(operator, arch)[0]
    kernel = triton.compile(variant.source(), target=GPUTarget("cuda", arch, 32), options=dict(variant.options))
    ptx = kernel.asm["ptx"]
    assert kernel.metadata.launch_pdl == waits == ("griddepcontrol.launch_dependents" in ptx)
    if waits:  # before anything is read from memory
        assert ptx.index("griddepcontrol.wait") < ptx.index("ld.global")


@pytest.mark.parametrize("vector, instruction", [(4, "ld.global.v4.b32"), (2, "ld.global.v2.b32"), (1, None)])
def test_vector_width_is_what_is_loaded(vector, instruction):
    variant = next(v for v in report.variants_of("mla_decode_reduce", 90) if v.label == f"vector {vector}")
    kernel = triton.compile(variant.source(), target=GPUTarget("cuda", 90, 32), options=dict(variant.options))
    wide = [width for width in ("v4", "v2") if f"ld.global.{width}.b32" in kernel.asm["ptx"]]
    assert wide == ([instruction.split(".")[2]] if instruction else [])


@pytest.mark.parametrize("arch", ["gfx942", "gfx950"])
def test_compiles_for_amd(arch):
    for variant in report.variants_of("mla_decode_reduce", 80):
        target = GPUTarget("hip", arch, 64)
        kernel = triton.compile(variant.source(), target=target, options=dict(variant.options))
        assert kernel.asm["hsaco"][:4] == b"\x7fELF" and "global_load_dword" in kernel.asm["amdgcn"]
