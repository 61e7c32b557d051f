"""What is made of racecheck's log: only a read of a byte that starts partitions, after a write, is a known hazard."""

import importlib.util
import json
import pathlib
import sys

import pytest

PATH = pathlib.Path(__file__).parents[1] / "gpu" / "racecheck.py"
STATES = {"forward": set(range(0x32BA0, 0x32BAC))}
KNOWN = """========= Error: Potential RAW hazard detected at __shared__ 0x32ba4 in block (2,0,0) :
=========     Write Thread (95,0,0) at forward+0xcf90 in forward.py:330
=========     Read Thread (256,0,0) at forward+0x280 in forward.py:264
=========     Current Value : 3
=========
"""
SUMMARY = "========= RACECHECK SUMMARY: {} hazard{} displayed ({} errors, 0 warnings)\n"


@pytest.fixture(scope="module")
def racecheck():
    spec = importlib.util.spec_from_file_location("racecheck", PATH)
    module = importlib.util.module_from_spec(spec)
    sys.modules["racecheck"] = module
    spec.loader.exec_module(module)
    return module


def log(*hazards):
    count = len(hazards)
    return "========= COMPUTE-SANITIZER\n" + "".join(hazards) + SUMMARY.format(count, "s" * (count != 1), count)


def test_known_hazards(racecheck):
    hazards = racecheck.parse(log(KNOWN, KNOWN.replace("32ba4", "32bab").replace("(2,0,0)", "(0,1,12)")))
    assert [hazard.address for hazard in hazards] == [0x32BA4, 0x32BAB]
    assert racecheck.unknown(hazards, STATES) == []
    assert racecheck.parse(log()) == []


@pytest.mark.parametrize(
    "old, new",
    [
        ("0x32ba4", "0x32b9f"),
        ("0x32ba4", "0x32bac"),
        ("RAW", "WAR"),
        ("RAW", "WAW"),
        ("at forward+", "at other+"),
        ("Read Thread (256,0,0) at forward", "Read Thread (256,0,0) at other"),
        ("(2,0,0) :", "(2,0,0) (invalid memcpy_async synchronization) :"),
    ],
)
def test_any_other_hazard_is_unknown(racecheck, old, new):
    changed = KNOWN.replace(old, new)
    assert changed != KNOWN
    assert len(racecheck.unknown(racecheck.parse(log(KNOWN, changed)), STATES)) == 1


def test_all_are_unknown_when_the_stock_kernel_has_none(racecheck):
    assert len(racecheck.unknown(racecheck.parse(log(KNOWN)), {})) == 1


@pytest.mark.parametrize(
    "text, error",
    [
        ("", "no summary"),
        ("========= COMPUTE-SANITIZER\n" + KNOWN, "no summary"),
        (log(KNOWN).replace("1 hazard", "2 hazards"), "counts 2 hazards, its log has 1"),
        (log("========= Warning: Detected overflow of tracked cuda::barrier structures.\n"), "1 messages, of which 0"),
        (log("========= Deadlock detected in Cuda::barrier wait\n"), "1 messages, of which 0"),
        (log("========= Internal Sanitizer Error\n"), "1 messages, of which 0"),
        (log(KNOWN.replace("Read Thread", "Read by")), "1 messages, of which 0"),
    ],
)
def test_log_that_is_no_list_of_hazards(racecheck, text, error):
    with pytest.raises(ValueError, match=error):
        racecheck.parse(text)


def test_bytes_that_start_partitions(racecheck, tmp_path):
    """The last bytes of shared memory, one for each warp that is not the default's, behind the system's 1024."""
    for folder, name, shared, warps, default in [
        ("a", "forward", 100, 16, 4),
        ("b", "forward", 300, 12, 4),
        ("c", "plain", 500, 8, 8),
    ]:
        (tmp_path / folder).mkdir()
        metadata = {"name": name, "shared": shared, "num_warps": warps}
        (tmp_path / folder / f"{name}.json").write_text(json.dumps(metadata))
        (tmp_path / folder / f"{name}.ttgir").write_text(f'module attributes {{"ttg.num-warps" = {default} : i32}}')
        (tmp_path / folder / f"__grp__{name}.json").write_text("{}")
    expected = set(range(1024 + 88, 1024 + 100)) | set(range(1024 + 292, 1024 + 300))
    assert racecheck.state_bytes(tmp_path) == {"forward": expected, "plain": set()}


def test_without_a_check(racecheck, monkeypatch, capsys):
    """Python without a script would end well, and without hazards."""
    monkeypatch.setattr(sys, "argv", ["racecheck.py", "--sanitizer", "true"])
    with pytest.raises(SystemExit, match="2"):
        racecheck.main()
    assert "no check to run" in capsys.readouterr().err
