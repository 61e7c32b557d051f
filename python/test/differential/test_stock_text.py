"""What stock's LLVM prints and ours would not read: the native library takes it all the same."""

import re

import pytest
from checks import native

KERNEL = """llvm.func @f(%id: i32, %threads: i32) {{
  {line} loc(#l)
  llvm.return
}}
#l = loc("kernel.py":3:5)
"""


def location_of(operation, text):
    """What stands behind the location alias of the line that is `operation`."""
    alias = re.search(rf"^ +{re.escape(operation)} loc\((#\w+)\)$", text, re.MULTILINE)
    assert alias, f"no line '{operation}' in\n{text}"
    return re.search(rf"^{alias.group(1)} = loc\((.*)\)$", text, re.MULTILINE).group(1)


@pytest.mark.parametrize(
    "line",
    [
        "nvvm.barrier",
        "nvvm.barrier id = %id",
        "nvvm.barrier id = %id number_of_threads = %threads",
    ],
)
def test_barrier_with_location(line):
    expected = line.replace("%id", "%arg0").replace("%threads", "%arg1")
    assert location_of(expected, native(KERNEL.format(line=line))) == '"kernel.py":3:5'


def test_void_result_of_an_intrinsic_call():
    line = '%r = llvm.call_intrinsic "llvm.nvvm.barrier.cta.sync.all"(%id) : (i32) -> !llvm.void'
    expected = 'llvm.call_intrinsic "llvm.nvvm.barrier.cta.sync.all"(%arg0) : (i32) -> ()'
    assert location_of(expected, native(KERNEL.format(line=line))) == '"kernel.py":3:5'


def test_errors_keep_their_line():
    broken = KERNEL.format(line="nvvm.barrier id = %id") + "\nllvm.func @g( {\n"
    with pytest.raises(ValueError, match=r"^7:1[45]: "):
        native(broken)
