"""Which machine code belongs to which partition.

Stock lowers partitions to one function: the kernel's own warps take one side of its first branch, the others the
other side, a loop that jumps to the code of the partition whose number they are given, by a table, or by comparisons
if there are few. ptxas keeps that; what can be
reached from where tells the code of each partition.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from triton import knobs

from ..compiler import sass
from .facts import Machine

_INSTRUCTION = re.compile(
    r"^\s+/\*[0-9a-f]{4,}\*/\s+(?P<guard>@!?U?P\w+\s+)?(?P<code>[A-Z][\w.]*)\s*(?P<rest>.*?)\s*(?:;|\(\*)"
)
_LABEL = re.compile(r"^(\.L_x_\d+):")
_TARGET = re.compile(r"`\((\.L_x_\d+)\)")
_TABLE = re.compile(r'BRANCH_TARGETS ([^"]*)"')
_COMPARE = re.compile(r"ISETP\.(?P<how>EQ|NE)\S* (?P<to>P\d), PT, R\d+, (?P<value>RZ|0x[0-9a-f]+), PT")
_BYTES = 16
# Where the warps of workers wait for their next partition; stock keeps it for that.
_SWITCH_BARRIER = "0x1"

# What the opcodes of each class begin with; the first class that fits counts.
_PREFIXES = {
    "mma": ("HGMMA", "QGMMA", "IGMMA", "BGMMA", "HMMA", "QMMA", "IMMA", "DMMA", "UTCHMMA", "UTCQMMA"),
    "copy": ("LDGSTS", "UTMA", "UBLK"),
    "shared": ("LDS", "STS", "ATOMS"),
    "sync": ("SYNCS", "BAR", "ARRIVES", "MEMBAR", "FENCE", "WARPGROUP", "WARPSYNC", "DEPBAR", "LDGDEPBAR"),
    "mufu": ("MUFU",),
    "float": ("FADD", "FMUL", "FFMA", "FMNMX", "FSEL", "FSETP", "HADD", "HMUL", "HFMA", "F2F", "FSET"),
    "lanes": ("SHFL", "R2UR", "UR2", "REDUX", "VOTE"),
    "global": ("LDG", "STG", "RED", "ATOM", "LD.", "ST."),
}


def partitions(cubin: bytes, workers: int) -> list[Machine] | None:
    """The machine code of the kernel's own warps and of each of ``workers`` other partitions.

    Without workers that is the whole kernel. None where the code does not tell them apart.
    """
    return split(disassemble(cubin), workers)


def disassemble(cubin: bytes) -> str:
    """The machine code of a cubin with labels, as `nvdisasm` prints it; raises `sass.DisassemblyError`."""
    return sass.printed_by(knobs.nvidia.nvdisasm.path, "-c", cubin)


def split(text: str, workers: int) -> list[Machine] | None:
    """As :func:`partitions`, of disassembled code."""
    code = _Code(text)
    if not workers:
        return [code.machine(range(len(code.opcodes)))]
    sides = code.sides()
    if sides is None:
        return None
    own, others = sides
    if workers == 1:
        return [code.machine(own), code.machine(others)]
    table = next((code.tables[i] for i in sorted(others) if i in code.tables), None)
    starts = code.compared(others, workers) if table is None else table[:workers]
    if len(starts) < workers:
        return None
    # Back at the switch, a warp may go on to any partition.
    switch = next((i for i in sorted(others) if code.is_switch(i)), None)
    reached = [code.reach(start, switch) & others for start in starts]
    shared = {i for i, count in Counter(i for found in reached for i in found).items() if count > 1}
    if not all(found - shared for found in reached):
        return None
    return [code.machine(own), *(code.machine(found - shared) for found in reached)]


class _Code:
    def __init__(self, text: str) -> None:
        self.opcodes: list[str] = []
        self.operands: list[str] = []
        self.next: list[list[int]] = []
        self.tables: dict[int, list[int]] = {}
        labels: dict[str, int] = {}
        self.guards: list[str] = []
        guards, targets = self.guards, []
        for line in text.splitlines():
            label = _LABEL.match(line)
            if label:
                labels[label[1]] = len(self.opcodes)
            match = _INSTRUCTION.match(line)
            if match is None:
                continue
            self.opcodes.append(match["code"])
            self.operands.append(match["rest"])
            guards.append((match["guard"] or "").strip())
            table = _TABLE.search(line)
            targets.append((_TARGET.findall(line), table[1].split(",") if table else []))
        last = len(self.opcodes) - 1
        for i, (opcode, guard, (named, table)) in enumerate(zip(self.opcodes, guards, targets)):
            follow = [labels[name] for name in named if name in labels]
            if table:
                self.tables[i] = [labels[name] for name in table if name in labels]
            ends = opcode.split(".")[0] in ("BRA", "EXIT", "RET", "BRX", "JMP")
            if i < last and (guard or not ends):
                follow.append(i + 1)
            self.next.append([target for target in follow if target <= last])

    def reach(self, start: int, stop: int | None = None) -> set[int]:
        """What may run from ``start`` on, not what comes behind ``stop`` or a jump through a table."""
        seen, ahead = {start}, [start]
        while ahead:
            at = ahead.pop()
            for target in self.next[at] if at != stop else ():
                if target not in seen:
                    seen.add(target)
                    ahead.append(target)
        return seen

    def compared(self, others: set[int], workers: int) -> list[int]:
        """Where the code of each worker begins if its number is compared with 0, 1, …; fewer if that is not so."""
        waits = [i for i in sorted(others) if self.is_switch(i)]
        at, starts = waits[0] if waits else len(self.next), []
        compares: dict[str, tuple[str, str]] = {}
        seen: set[int] = set()
        while len(starts) < workers and at < len(self.next) and self.next[at] and at not in seen:
            seen.add(at)
            match = _COMPARE.match(f"{self.opcodes[at]} {self.operands[at]}")
            if match:
                compares[match["to"]] = match["how"], match["value"]
            if len(self.next[at]) == 1 or not self.opcodes[at].startswith("BRA"):
                at = self.next[at][-1]
                continue
            guard = self.guards[at].lstrip("@")
            how, value = compares.get(guard.lstrip("!"), ("", ""))
            if not how or int(value.replace("RZ", "0"), 0) != len(starts):
                break
            taken, not_taken = self.next[at]
            equal = taken if (how == "EQ") != guard.startswith("!") else not_taken
            starts.append(equal)
            at = not_taken if equal == taken else taken
        return starts

    def sides(self) -> tuple[set[int], set[int]] | None:
        """Code of the kernel's own warps, and of all others: the two sides of the branch that divides them."""
        at = 0
        while len(self.next[at]) == 1:
            at = self.next[at][0]
        if len(self.next[at]) != 2:
            return None
        found = [self._side(start) for start in self.next[at]]
        waiting = [self._waits_again(side) for side in found]
        if waiting == [True, False]:
            found.reverse()
        elif waiting != [False, True]:
            return None
        own, others = found
        return own - others, others - own

    def _side(self, start: int) -> set[int]:
        """What can run behind ``start``, jumps through tables included."""
        found, ahead = set(), {start}
        while ahead:
            new = set().union(*(self.reach(i) for i in ahead)) - found
            found |= new
            ahead = {target for i in new for target in self.tables.get(i, ())} - found
        return found

    def _waits_again(self, side: set[int]) -> bool:
        """Whether a warp there may come to the switch's barrier a second time."""
        waits = [i for i in side if self.is_switch(i)]
        return any(i in self._side(target) for i in waits[:1] for target in self.next[i])

    def is_switch(self, i: int) -> bool:
        """Whether warps meet here to get their next partition, at its beginning and at its end."""
        return self.opcodes[i].startswith("BAR.SYNC") and self.operands[i].strip() == _SWITCH_BARRIER

    def machine(self, instructions: Iterable[int]) -> Machine:
        """Size and mix of some instructions, padding left out."""
        kept = [self.opcodes[i] for i in instructions if self.opcodes[i] != "NOP"]
        return Machine(_BYTES * len(kept), len(kept), dict(Counter(map(classify, kept)).most_common()))


def classify(opcode: str) -> str:
    """The class of an opcode, "other" if it is in none."""
    for name, prefixes in _PREFIXES.items():
        if opcode.startswith(prefixes):
            return name
    return "other"
