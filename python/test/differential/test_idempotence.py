"""A native pass finds nothing to do in what it has made: the second run leaves the text as it is.

Inputs are those of the lit suite, split at their `// -----`, and what passes see while random programs compile. Each
pass runs over each input that it accepts.
"""

import re
from pathlib import Path

import pytest
from programs import record
from triton_tle.compiler import bridge

ROOT = Path(__file__).parents[3]
OPTIONS = {
    "convert-triton-to-tritongpu": "{target=cuda:90 num-warps=4}",
    "triton-tle-localize-wgmma-descriptors": "{min-descriptors=1}",
}
# Passes of MLIR: their idempotence is not ours to show.
UPSTREAM = {"canonicalize", "cse", "inline", "loop-invariant-code-motion", "sccp", "symbol-dce"}
# Passes for which a second run makes no sense, and why.
ONCE: dict[str, str] = {}
# Passes that only look.
CHECKS = {"triton-tle-verify-lowered"}


def passes():
    ours = set(bridge.native_passes()) - UPSTREAM - set(ONCE)
    return sorted(flag for flag in ours if not flag.startswith("test-"))


@pytest.fixture(scope="module")
def modules(tmp_path_factory):
    """(where it is from, text), each readable by the native library."""
    found = []
    for path in sorted([*ROOT.glob("test/**/*.mlir"), *ROOT.glob("third_party/tle/test/**/*.mlir")]):
        for number, text in enumerate(re.split(r"(?m)^// -----.*$", path.read_text())):
            found.append((f"{path.relative_to(ROOT)}[{number}]", text))
    folder = tmp_path_factory.mktemp("programs")
    seen = set()
    for number, (flag, text) in enumerate(record.of_programs(range(8), folder)):
        # The LLVM dialect of the larger ones takes seconds.
        if text not in seen and len(text) < 1 << 18:
            seen.add(text)
            found.append((f"native run {number} of random programs, before {flag}", text))
    return [(name, readable) for name, text in found if (readable := run(text, "")) is not None]


def run(text, pipeline):
    try:
        return bridge.native().run_passes(text, pipeline)[0]
    except bridge.native().NativeError:
        return None


@pytest.mark.parametrize("flag", passes())
def test_a_second_run_changes_nothing(flag, modules):
    pipeline = flag + OPTIONS.get(flag, "")
    changed, effective = [], 0
    for name, text in modules:
        once = run(text, pipeline)
        if once is None:
            continue
        effective += once != text
        twice = run(once, pipeline)
        if twice != once:
            changed.append(f"{name}: {'refused' if twice is None else first_difference(once, twice)}")
    assert not changed, "\n".join(changed)
    assert effective or flag in CHECKS


def first_difference(one, other):
    lines = zip(one.splitlines(), other.splitlines(), strict=False)
    return next((f"'{a.strip()}' became '{b.strip()}'" for a, b in lines if a != b), "another length")[:400]


def test_exceptions_are_passes():
    assert set(ONCE) | CHECKS <= set(bridge.native_passes())
