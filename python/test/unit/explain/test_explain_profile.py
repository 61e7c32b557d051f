"""``explain --profile`` as far as it goes without a GPU: scopes in kernels, timelines from traces."""

import json
import os
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest
import triton
from triton._C.libtriton import passes, proton
from triton.backends.compiler import GPUTarget
from triton.backends.nvidia.compiler import CUDABackend
from triton_tle import cli
from triton_tle.compiler import pipeline, report
from triton_tle.compiler.pipelines import INSTRUMENTATION, NATIVE
from triton_tle.explain import facts, profile, timeline
from triton_tle.explain.timeline import Scope

COMPILER_TESTS = Path(__file__).resolve().parent.parent / "compiler"
TILE_LOOPS = str(COMPILER_TESTS / "tile_loop_kernels.py")
OWN = str(Path(__file__).resolve().parent / "explain_kernels.py")


PARTITIONS = (
    facts.Partition(0, "multiply", 4, 0),
    facts.Partition(1, "load", 4, 4),
)
EXPLAINED = facts.Explanation("k", "v", "sm_90a", "k.py", 8, 128, 0, 232448, PARTITIONS, (), ())
SCOPES = [
    Scope(0, 0, "wait tiles", 100, 200),
    Scope(0, 0, "products", 200, 260),
    Scope(0, 0, "wait tiles", 260, 360),
    Scope(0, 0, "products", 400, 500),
    Scope(0, 1, "products", 150, 500),
    Scope(0, 4, "copies", 50, 450),
    Scope(1, 4, "copies", 0, 9000),
]


class Instrumentation:
    """Proton's passes as its hook adds them, which itself needs a GPU."""

    def load_dialects(self, context):
        proton.load_dialects(context)

    def patch(self, point, manager, context):
        self.load_dialects(context)
        if point == "ttgpuir_to_llvmir":
            proton.add_convert_proton_to_protongpu(
                manager, proton.METRIC_TYPE.CYCLE, proton.SAMPLING_STRATEGY.SELECTIVE, "0,4", proton.GRANULARITY.WARP,
                proton.BUFFER_STRATEGY.CIRCULAR, proton.BUFFER_TYPE.GLOBAL, 2 * profile.BUFFER, 232448, 1, 128, False,
            )  # fmt: skip
            passes.common.add_cse(manager)
            proton.add_allocate_proton_shared_memory(manager)
        else:
            proton.add_allocate_proton_global_scratch_buffer(manager)
            proton.add_convert_proton_nvidia_gpu_to_llvm(manager)


def compiled(name, label):
    (variant,) = (v for v in report.variants_of(name, "sm_90a") if v.label == label)
    target = GPUTarget("cuda", 90, 32)
    with report.fresh_compilation():
        return triton.compile(variant.source(), target=target, options=dict(variant.options))


@pytest.fixture
def scoped(monkeypatch):
    def compile(name, label):
        monkeypatch.setattr(CUDABackend, "instrumentation", Instrumentation())
        with profile.scoped():
            kernel = compiled(name, label)
        monkeypatch.setattr(CUDABackend, "instrumentation", None)
        return kernel

    return compile


def records(ttgir):
    """Records in the order of the text: (start or end, scope)."""
    return re.findall(r'proton\.record (start|end) "([^"]*)"', ttgir)


def test_scopes_of_partitions(scoped):
    kernel = scoped(OWN, "three slots")
    own, worker = kernel.asm["ttgir"].split("partition0(")
    assert records(own) == [
        (edge, scope) for scope in ("wait tiles", "products", "finish products") for edge in ("start", "end")
    ]
    # Both copies of a slot are one scope.
    assert records(worker) == [(edge, scope) for scope in ("acquire tiles", "copies") for edge in ("start", "end")]
    assert worker.index('start "copies"') < worker.index("async_copy_global_to_local") < worker.index('end "copies"')
    assert kernel.metadata.profile_scratch_size > 2 * profile.BUFFER
    assert kernel.asm["ptx"].count("clock") >= 2 * 5
    assert not kernel.metadata.tle_ptxas["advice"]


def test_scopes_of_pipes_of_one_name(scoped):
    own, worker = scoped(OWN, "rings 64").asm["ttgir"].split("partition0(")
    assert [scope for edge, scope in records(own) if edge == "start"][:2] == ["wait ring", "wait ring #2"]
    assert [scope for edge, scope in records(worker) if edge == "start"] == [
        "acquire ring", "copies", "acquire ring #2", "copies"
    ]  # fmt: skip


def test_scopes_of_the_forward(scoped):
    kernel = scoped("sparse_mla_fwd_pipes", "d_qk 576")
    found = records(kernel.asm["ttgir"])
    names = {scope for _, scope in found}
    pipes = ("keys0", "keys1", "keys2", "keys3", "queries", "scales", "weights", "sums")
    assert names >= {f"{what} {pipe}" for what in ("acquire", "wait") for pipe in pipes}
    assert names >= {"products", "finish products", "copies"}
    assert all(
        (edge, scope) == ("start", other) and after == "end"
        for (edge, scope), (after, other) in zip(found[::2], found[1::2])
    )
    # It still fits: shared memory as before, products not serialized.
    variant = next(v for v in report.variants_of("sparse_mla_fwd_pipes", "sm_90a") if v.label == "d_qk 576")
    assert kernel.metadata.shared == report.compile_variant(variant, "sm_90a").shared_bytes
    assert not kernel.metadata.tle_ptxas["advice"]


def test_scopes_of_a_tile_loop(scoped):
    names = {scope for _, scope in records(scoped(TILE_LOOPS, "product whole").asm["ttgir"])}
    assert names == {"copies", "wait copies", "products", "finish products"}


def test_without_profiling_not_one_instruction_changes(scoped):
    before = compiled(OWN, "three slots").asm["ptx"]
    with_scopes = scoped(OWN, "three slots").asm["ptx"]
    after = compiled(OWN, "three slots").asm["ptx"]
    assert before == after != with_scopes
    assert "clock" not in before


def test_records_are_lowered_before_the_native_library_sees_the_module():
    flags = [entry.flag for entry in pipeline("sm_90a", instrumented=True).stage("llir").passes]
    points = [index for index, flag in enumerate(flags) if flag == INSTRUMENTATION]
    native = next(i for i, entry in enumerate(pipeline("sm_90a", instrumented=True).stage("llir").passes)
                  if entry.engine == NATIVE)  # fmt: skip
    assert len(points) == 2 and points[0] < flags.index("convert-triton-gpu-to-llvm") < points[1] < native
    assert INSTRUMENTATION not in [entry.flag for entry in pipeline("sm_90a").stage("llir").passes]


def event(name, cta, warp, start, cycles, kernel="k"):
    """As Proton writes them: a cycle is a thousandth of the unit."""
    return {
        "name": name, "cat": kernel, "ph": "X", "pid": f"{kernel} Core7 CTA{cta}", "tid": f"warp {warp} (line 0)",
        "ts": start / 1000, "dur": cycles / 1000,
    }  # fmt: skip


def test_the_last_launch_of_a_trace_is_read():
    first = [event("products", cta, 0, 100 * i, 50) for cta in range(6) for i in range(5)]
    last = [event("products", cta, 4, 90000 + 100 * i, 60) for cta in (5, 1, 0, 2, 3, 4) for i in range(3)]
    other = [event("products", 0, 0, 95000, 50, "other")]
    found, events = profile.read({"traceEvents": first + last + other}, "k")
    assert len(found) == 18 and {scope.warp for scope in found} == {4}
    assert found[0] == Scope(5, 4, "products", pytest.approx(90000), pytest.approx(90060))
    assert [entry["pid"] for entry in events] == [f"k Core7 CTA{cta}" for cta in range(4) for _ in range(3)]
    assert profile.read({}, "k") == ([], []) == profile.read({"traceEvents": other}, "k")


def test_recorded_warps_are_a_power_of_two():
    three = (*PARTITIONS, facts.Partition(2, "more", 1, 8))
    assert profile.recorded_warps(three) == [0, 1, 4, 8]
    assert profile.recorded_warps(PARTITIONS) == [0, 4] and profile.recorded_warps(PARTITIONS[:1]) == [0]


def test_warnings_of_overwritten_records_are_left_out(capfd):
    with profile._without_warnings():
        os.write(2, b"Warning (cta3, warp8): first 3104 events are dropped due to insufficient buffer size\n")
        os.write(2, b"something else\n")
    os.write(2, b"behind\n")
    assert capfd.readouterr().err == "something else\nbehind\n"


def test_write_names_lanes_and_refuses_an_empty_trace(tmp_path, monkeypatch):
    trace = {"displayTimeUnit": "ns", "traceEvents": [event("wait tiles", 3, warp, 10 * warp, 5) for warp in (0, 4)]}
    monkeypatch.setattr(profile, "measure", lambda launch, folder, warps: dict(trace, warps=warps))
    monkeypatch.setattr("torch.cuda.get_device_name", lambda: "GPU <1>")
    with pytest.raises(ValueError, match="--profile: nothing was recorded of kernel 'x'"):
        profile.write(replace(EXPLAINED, kernel="x"), None, tmp_path)
    two = replace(EXPLAINED, partitions=PARTITIONS)
    trace["traceEvents"] += [event("copies", 3, 4, 40 + 10 * i, 5) for i in range(3)]
    printed = profile.write(two, None, tmp_path)
    assert "1 load, warp 4" in printed
    saved = json.loads((tmp_path / "timeline.json").read_text())
    assert saved["displayTimeUnit"] == "ns" and saved["warps"] == [0, 4]
    assert "1 load (warp 4)" in {entry["tid"] for entry in saved["traceEvents"]}
    assert "GPU <1>, CTA 3" in "".join(ET.parse(tmp_path / "timeline.svg").getroot().itertext())


def test_profiling_needs_a_gpu_and_a_launch(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert cli.main(["explain", OWN, "--profile", str(tmp_path)]) == 2
    assert f"--profile: got '{tmp_path}', but this needs an NVIDIA GPU" in capsys.readouterr().err
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    assert cli.main(["explain", TILE_LOOPS, "--profile", str(tmp_path / "new")]) == 2
    assert "it has no function example(label)" in capsys.readouterr().err
    assert cli.main(["explain", "mla_decode_reduce", "--profile", str(tmp_path)]) == 2
    assert "name: there is no launch to profile for 'mla_decode_reduce'; there are for " in capsys.readouterr().err
    (tmp_path / "file").touch()
    assert cli.main(["explain", OWN, "--profile", str(tmp_path / "file")]) == 2
    assert "which cannot be made" in capsys.readouterr().err


# Timelines.


def test_lanes_take_the_first_warp_of_each_partition():
    own, load = timeline.lanes(EXPLAINED, SCOPES, 0)
    assert [scope.warp for scope in own] == [0] * 4 and [scope.end for scope in load] == [450]
    assert timeline.lanes(EXPLAINED, SCOPES, 1) == [[], [SCOPES[-1]]]


def test_shares_add_up():
    own, load = timeline.lanes(EXPLAINED, SCOPES, 0)
    found = timeline.shares(own)
    assert [(share.name, share.count) for share in found[:2]] == [("wait tiles", 2), ("products", 2)]
    assert [share.mean for share in found[:2]] == [100, 80]
    assert found[0].part == pytest.approx(0.5) and found[-1] == timeline.Share("(other)", 0, 0.0, pytest.approx(0.1))
    assert sum(share.part for share in found) == pytest.approx(1)
    assert timeline.shares([]) == []
    printed = timeline.render_text(EXPLAINED, [own, load])
    assert "  0 multiply, warp 0: 400 cycles" in printed and "50.0 %" in printed
    assert "0 multiply: nothing recorded" in timeline.render_text(EXPLAINED, [[], load])


def test_the_window_lies_where_all_have_recorded():
    many = [Scope(0, 0, "products", 10.0 * i, 10.0 * i + 5) for i in range(1000)]
    late = [Scope(0, 4, "copies", 5000.0 + 20 * i, 5010.0 + 20 * i) for i in range(300)]
    start, end = timeline.window([many, late])
    assert 5000 <= start < end <= 10000 and sum(start <= scope.start < end for scope in many) == timeline.SHOWN
    assert timeline.window([many[:10], []]) == (0.0, 95.0)
    assert timeline.window([[], []]) == (0.0, 1.0)
    # No moment in common: everything.
    assert timeline.window([many[:10], late[:1]]) == (0.0, 5010.0)


def test_picture_of_a_timeline():
    by_partition = timeline.lanes(EXPLAINED, SCOPES, 0)
    root = ET.fromstring(timeline.render_picture(EXPLAINED, by_partition, 'a <title> & "more"'))
    svg = "{http://www.w3.org/2000/svg}"
    tips = [node.find(f"{svg}title").text for node in root.iter(f"{svg}rect") if node.find(f"{svg}title") is not None]
    assert [tip.split(":")[0] for tip in tips] == ["wait tiles", "products", "wait tiles", "products", "copies"]
    places = {node.find(f"{svg}title").text: node for node in root.iter(f"{svg}rect") if len(node)}
    wide, narrow, cut = (
        float(places[next(tip for tip in tips if tip.startswith(name))].get("width"))
        for name in ("wait tiles: 100 cycles", "products: 60 cycles", "products: 100 cycles")
    )
    assert wide == pytest.approx(narrow * 100 / 60, abs=0.2)
    # It ends behind the picture, at 500, of which the last 50 cycles are cut off.
    assert cut == pytest.approx(wide / 2, abs=0.2)
