"""What the machine code of a kernel says: its opcodes, and uniform registers that are read before they are written.

ptxas of CUDA 12.8 can lose the copy of a WGMMA descriptor's base address and add to a uniform register that holds
nothing. The PTX is right, nothing is reported, and results are wrong; only the machine code shows it.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections import Counter

from triton import knobs

_INSTRUCTION = re.compile(r"^\s+/\*[0-9a-f]{4,}\*/\s+(?:@!?U?P\w+\s+)?([A-Z][\w.]*)\s*(.*?)\s*;", re.MULTILINE)
_UNIFORM = re.compile(r"^UR(\d+)$")
_USE = re.compile(r"(gdesc|idesc|desc|cx)?\[?\bUR(\d+)")
_PREDICATE = re.compile(r"^U?P(\d+|T)$")
# Of uniform registers these write none: the first one in their operands is read.
_NO_RESULT = ("UISETP", "UFSETP", "UPLOP3", "R2UP", "UTMA", "UBLK", "UCGABAR", "SYNCS", "HGMMA", "QGMMA", "IGMMA")
# These write all uniform registers that they name.
_ALL_RESULTS = ("R2UR", "ELECT", "VOTEU")


class DisassemblyError(ValueError):
    """NVIDIA's tool does not read the machine code: it is older than the GPU that this is for, say."""


def disassemble(cubin: bytes) -> str:
    """The machine code of a cubin as `cuobjdump` prints it; raises DisassemblyError when it does not read it."""
    return printed_by(knobs.nvidia.cuobjdump.path, "-sass", cubin)


def printed_by(tool: str, option: str, cubin: bytes) -> str:
    """What a tool prints of a cubin.

    Raises DisassemblyError, with what the tool says, when it fails.
    """
    with tempfile.NamedTemporaryFile(suffix=".cubin") as file:
        file.write(cubin)
        file.flush()
        done = subprocess.run([tool, option, file.name], capture_output=True, text=True)
    if done.returncode:
        raise DisassemblyError(f"{tool} does not read the machine code: {done.stderr.strip()}")
    return done.stdout


def opcodes(text: str) -> Counter[str]:
    """How often each opcode, without its modifiers, occurs in disassembled code."""
    return Counter(operation.partition(".")[0] for operation, _ in _INSTRUCTION.findall(text))


def unwritten_uniforms(text: str) -> list[str]:
    """Instructions that read a uniform register which no instruction above them writes.

    ptxas lays blocks out so that what runs first stands first; a write further down cannot have happened. Code of
    several functions counts as one text, so nothing is found wrongly in the callee of a call.
    """
    written: set[int] = set()
    found = []
    for operation, operands in _INSTRUCTION.findall(text):
        parts = [part.strip() for part in operands.split(",")]
        results, sources = _results(operation, parts)
        if _reads(operation, sources) - written:
            found.append(f"{operation} {operands}")
        written |= results
    return found


def _results(operation: str, parts: list[str]) -> tuple[set[int], list[str]]:
    """The uniform registers that an instruction writes, and its other operands."""
    name = operation.partition(".")[0]
    if name.startswith(_NO_RESULT):
        return set(), parts
    if name.startswith(_ALL_RESULTS):
        return {int(match[1]) for part in parts if (match := _UNIFORM.match(part))}, []
    first = next((i for i, part in enumerate(parts) if not _PREDICATE.match(part)), len(parts))
    match = _UNIFORM.match(parts[first]) if first < len(parts) else None
    if match is None:
        return set(), parts
    number = int(match[1])
    width = 4 if ".128" in operation else 2 if ".64" in operation or ".WIDE" in operation else 1
    return set(range(number, number + width)), parts[first + 1 :]


def _reads(operation: str, sources: list[str]) -> set[int]:
    """The uniform registers that an instruction reads."""
    read: set[int] = set()
    # Operand A in registers: the descriptor of B is the second half of four.
    only_b = "GMMA" in operation and len(sources) > 1 and re.match(r"^R\d+", sources[1]) is not None
    for place, source in enumerate(sources):
        for kind, digits in _USE.findall(source):
            number = int(digits)
            if kind == "gdesc" and "GMMA" in operation:
                read |= {number + 2, number + 3} | (set() if only_b else {number, number + 1})
            elif kind in ("gdesc", "desc", "cx"):
                read |= {number, number + 1}
            elif operation.startswith("U") and (".64" in operation or (".WIDE" in operation and place == 2)):
                read |= {number, number + 1}
            else:
                read.add(number)
    return read
