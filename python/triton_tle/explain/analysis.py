"""Compiles a variant of a kernel and reads from the compiler's own modules how it is divided.

Three modules are read. The one that ``triton-tle-lower-pipes`` gets still has pipes with their names, fields and
ends; its buffers get numbers, by which the other two know them. The one that ``triton-tle-per-thread-barriers`` gets is
the end of the TTGIR stage, with every step in its final order and barriers still operations. Stock's allocation of
shared memory, which comes next, gives offsets.
"""

from __future__ import annotations

import dataclasses
import itertools
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import triton
from triton._C.libtriton import ir, nvidia
from triton.backends.compiler import GPUTarget
from triton.backends.nvidia import compiler as stock_backend

from ..compiler import bridge, pipelines, report, runner
from ..compiler.memory import shared_memory
from . import machine, mlir
from .facts import Buffer, Explanation, Nest, Partition, Pipe, Step
from .locations import Locations, Place
from .steps import PRODUCTS, StepReader
from .views import Views, memdesc, num_bytes, shape_text

LOWER_PIPES, LAST_PASS = "triton-tle-lower-pipes", "triton-tle-per-thread-barriers"
_ALLOCATE_UNTIL = "convert-triton-gpu-to-llvm"
_BARRIER = "i64"
# The number of an allocation; no pass reads it.
_NUMBER = "tle.allocation"
_WITHOUT_SOURCE = re.compile(r"(= ttg\.local_alloc )(?:\{(\w)|(?=: \(\)))")
# Stock lowers a greater number, what is left for the kernel's own warps, to this one.
_MOST_REGISTERS = 256
_SCRATCH = {
    "ttg.warp_specialize": "captured values",
    "ttg.warp_specialize.partitions": "captured values",
    "tt.func": "states of the workers' warps",
}
_SAME_VALUE = ("ttg.convert_layout", "arith.truncf", "arith.extf", "tt.trans", "tt.fp_to_fp")


def number_allocations(text: str) -> str:
    """The module ``text`` with a number on each allocation but those made from a tensor, which passes may merge.

    Passes drop buffers that nothing reads or writes. Without numbers nobody could say which of a line's or of a helper
    function's are left: they may have one place, one name and one type.
    """
    numbers = itertools.count()
    return _WITHOUT_SOURCE.sub(
        lambda match: f"{match[1]}{{{_NUMBER} = {next(numbers)} : i32{f', {match[2]}' if match[2] else '} '}", text
    )


@dataclass(frozen=True)
class Allocation:
    """An allocation, equal to the same one in another text of the kernel.

    ``identity`` is its number, or for one without name, places and type; and its order among those that agree in it.
    """

    identity: tuple
    frames: tuple[Place, ...] = dataclasses.field(compare=False)
    shape: tuple[int, ...] = dataclasses.field(compare=False)
    element: str = dataclasses.field(compare=False)


class Text:
    """A module read for explaining: operations, names, and allocations that other texts of the kernel have, too."""

    def __init__(self, text: str) -> None:
        self.generic, _ = bridge.native().run_passes(text, "", generic=True)
        module = mlir.parse(self.generic)
        self.operations = list(module.walk())
        self.locations = Locations(
            module.aliases, (op.location for op in self.operations if op.name.startswith(("scf.", *PRODUCTS)))
        )
        self.views = Views(self.locations)
        self.module = module.operation
        self.allocations = [op for op in self.operations if op.name == "ttg.local_alloc"]
        self.keys = self._identify(self.allocations)

    def kernel(self) -> mlir.Operation:
        """The public function."""
        functions = [op for op in self.operations if op.name == "tt.func" and op.regions and op.regions[0].blocks]
        return next((op for op in functions if "private" not in op.attributes.get("sym_visibility", "")), functions[0])

    def divisions(self) -> list[mlir.Operation]:
        """The ``ttg.warp_specialize`` operations."""
        return [op for op in self.operations if op.name == "ttg.warp_specialize"]

    def _identify(self, allocations: list[mlir.Operation]) -> dict[mlir.Operation, Allocation]:
        """What each allocation is in all texts of the kernel."""
        seen: Counter[tuple] = Counter()
        keys = {}
        for op in allocations:
            name, frames = self.locations.key(op.location)
            shape, element = memdesc(op.results[0].type)
            number = op.integer(_NUMBER)
            what = (number,) if number is not None else (name, frames, shape, element)
            keys[op] = Allocation((*what, seen[what]), frames, shape, element)
            seen[what] += 1
        return keys


def pipe_names(creates: list[mlir.Operation]) -> list[str]:
    """Names of pipes by the operations that make them, each once: pipes of one name are "pipe", "pipe #2", …"""
    return _each_once("".join(create.strings("name")) for create in creates)


def _each_once(names: Iterable[str]) -> list[str]:
    given: dict[str, None] = {}
    for name in names:
        numbered = (f"{name} #{number}" for number in itertools.count(2))
        given[next(free for free in itertools.chain([name], numbered) if free not in given)] = None
    return list(given)


def explain(variant: report.Variant, arch: str | int, name: str = "") -> Explanation:
    """Compile ``variant`` for ``arch`` without a GPU and say how it is divided; ``name``: what the user asked for.

    Raises ValueError for a bad architecture; compile errors come out as Triton raises them.
    """
    target = GPUTarget("cuda", pipelines.parse_arch(arch), 32)
    numbering = {LOWER_PIPES: number_allocations}
    with report.fresh_compilation(), runner.watching(LAST_PASS, changes=numbering) as watched:
        kernel = triton.compile(variant.source(), target=target, options=dict(variant.options))
        ttgir = kernel.asm["ttgir"]
        allocated = allocate(ttgir, target.arch, kernel.metadata)
    final = Text(watched.get(LAST_PASS, ttgir))
    pipes = Text(watched[LOWER_PIPES]) if LOWER_PIPES in watched else final
    shared = int(allocated.module.attributes.get("ttg.shared", "0").partition(" ")[0])
    notes = []
    if shared != kernel.metadata.shared:
        notes.append(f"offsets are those of an allocation of {shared} bytes")
    reading = _Reading(pipes, final, allocated)
    codes = machine.partitions(kernel.asm["cubin"], reading.number_of_workers())
    if codes is None and reading.number_of_workers():
        notes.append("the machine code does not tell partitions apart")
    partitions = reading.partitions(codes)
    frames = final.locations.frames(final.kernel().location)
    return Explanation(
        kernel=kernel.metadata.name,
        variant=variant.label,
        arch=pipelines.arch_name(target.arch),
        file=frames[0][0].rpartition("/")[2] if frames else name,
        warps=kernel.metadata.num_warps,
        registers=kernel.metadata.tle_ptxas["registers"],
        shared=kernel.metadata.shared,
        limit=shared_memory(target.arch),
        partitions=partitions,
        pipes=tuple(reading.pipes),
        buffers=tuple(sorted(reading.buffers(), key=lambda buffer: (buffer.offset, buffer.name))),
        before=reading.before(),
        notes=tuple(notes),
    )


def allocate(ttgir: str, capability: int, metadata: object) -> Text:
    """The module after stock's allocation of shared memory: what the LLVM stage does first."""
    settings = pipelines.Settings(
        capability=capability, ptx_version=stock_backend.get_ptx_version_from_options(metadata, capability)
    )
    passes = pipelines.build(settings, "stock").stage("llir").passes
    until = next(index for index, entry in enumerate(passes) if entry.flag == _ALLOCATE_UNTIL)
    context = ir.context()
    ir.load_dialects(context)
    nvidia.load_dialects(context)
    module = bridge.parse(ttgir, context)
    runner.run_stock(module, passes[:until], "explain")
    return Text(bridge.to_text(module))


class _Reading:
    def __init__(self, pipes: Text, final: Text, allocated: Text) -> None:
        self.before_lowering, self.final, self.allocated = pipes, final, allocated
        self.offsets = {
            key: offset for op, key in allocated.keys.items() if (offset := op.integer("allocation.offset")) is not None
        }
        self.division = (final.divisions() or [None])[0]
        self.home = next((file for file, _ in final.locations.frames(final.kernel().location)), "")
        self.fields: dict[Allocation, Buffer] = {}
        self.barriers: dict[Allocation, str] = {}
        self.writers: list[int | None] = []
        self.pipes = self._read_pipes()
        self.names = self._name_buffers()

    # Pipes.

    def _read_pipes(self) -> list[Pipe]:
        text = self.before_lowering
        creates = [op for op in text.operations if op.name == "tle.pipe_create"]
        ends = ends_of_pipes(text)
        found = []
        for number, (create, name) in enumerate(zip(creates, pipe_names(creates))):
            barriers = text.views.root(create.operands[0])
            shape, _ = memdesc(create.operands[0].type)
            one_shot = create.attributes["oneShot"] == "true"
            slots = shape[0] if one_shot else shape[0] // 2
            named = create.strings("tle.fields")
            fields = []
            for index, operand in enumerate(create.operands[1:]):
                root = text.views.root(operand)
                field = named[index] if index < len(named) else f"tile{index}" if len(create.operands) > 2 else "tile"
                key = text.keys[root]
                self.fields[key] = self._buffer(key, f"{name}.{field}", "field", slots)
                fields.append((field, self.fields[key]))
            key = text.keys[barriers]
            self.barriers[key] = name
            writer = ends.get((barriers, None))
            self.writers.append(writer)
            full, empty = self._counts(key, slots)
            found.append(
                Pipe(
                    name=name,
                    slots=slots,
                    one_shot=one_shot,
                    fields=tuple(fields),
                    writer=writer,
                    readers=tuple((reader, ends.get((barriers, reader))) for reader in create.strings("readers")),
                    full=full,
                    empty=empty,
                    barriers=self.offsets.get(key, -1),
                    arrivals=self._arrivals(number),
                )
            )
        return found

    def _counts(self, key: Allocation, slots: int) -> tuple[int, int]:
        """Arrivals that the full and the empty mbarriers of a pipe count; 0 where it has none."""
        counts: dict[int, int] = {}
        for op in self.final.operations:
            if op.name != "ttng.init_barrier":
                continue
            word = op.operands[0]
            root = self.final.views.root(word)
            if root is not None and self.final.keys[root] == key:
                index = word.owner.operands[1].owner.attributes["value"] if len(word.owner.operands) > 1 else "0"
                counts[int(index.partition(" ")[0])] = op.integer("count")
        return counts.get(0, 0), counts.get(slots, 0)

    def _arrivals(self, number: int) -> str:
        """How the writer of a pipe says that a slot is full."""
        own = [op for op in self.final.operations if op.integer("tle.pipe") == number]
        writer = self.writers[number]
        names = {op.name for op in own}
        stores = any(
            op.name == "ttng.arrive_barrier" and "tle.per_warp" not in op.attributes and partition_of(op) == writer
            for op in own
        )
        ways = {
            "copies": "ttng.async_copy_mbarrier_arrive" in names,
            "TMA": "ttng.async_tma_copy_global_to_local" in names,
            "stores": stores,
        }
        return " and ".join(way for way, used in ways.items() if used)

    # Shared memory.

    def _name_buffers(self) -> dict[Allocation, str]:
        """Names of allocations of the final module: of a pipe's field, of the user, or the line; each once."""
        keys = [self.final.keys[op] for op in self.final.allocations]
        return dict(zip(keys, _each_once(map(self._buffer_name, self.final.allocations, keys))))

    def _buffer_name(self, op: mlir.Operation, key: Allocation) -> str:
        if key in self.fields:
            return self.fields[key].name
        if key in self.barriers:
            return f"{self.barriers[key]} barriers"
        line = self.final.locations.place(op.location, self.home)
        what = "barriers" if key.element == _BARRIER else "operand" if op.operands else "buffer"
        return self._source_name(op) or (f"{what} of line {line}" if line else what)

    def _source_name(self, alloc: mlir.Operation) -> str:
        """The user's name of a buffer, or of the tensor that it is made from."""
        while alloc.operands:
            op = alloc.operands[0].owner
            if not isinstance(op, mlir.Operation) or op.name not in _SAME_VALUE:
                return self.final.locations.name(alloc.operands[0].location)
            if name := self.final.locations.name(op.location):
                return name
            alloc = op
        return self.final.locations.name(alloc.location)

    def _buffer(self, key: Allocation, name: str, role: str, slots: int) -> Buffer:
        shape, element = key.shape, key.element
        tile = shape[1:] if slots != 1 or role == "field" else shape
        place = ""
        if key.frames:
            file, line = key.frames[0]
            place = str(line) if file == self.home else f"{file.rpartition('/')[2]}:{line}"
        return Buffer(
            name, role, self.offsets.get(key, -1), num_bytes(shape, element), slots, shape_text(tile, element), place
        )

    def buffers(self) -> list[Buffer]:
        """Everything that has a place in shared memory."""
        found = []
        for key, name in self.names.items():
            if key not in self.offsets:
                continue
            if key in self.fields:
                found.append(dataclasses.replace(self.fields[key], name=name))
            elif key in self.barriers or key.element == _BARRIER:
                found.append(self._buffer(key, name, "barriers", key.shape[0]))
            else:
                found.append(self._buffer(key, name, "buffer", self._slots(key)))
        return found + self._scratch()

    def _slots(self, key: Allocation) -> int:
        """How many tiles a buffer holds: its first extent, where operations take one index of it."""
        for op in self.final.operations:
            if op.name == "ttg.memdesc_index":
                root = self.final.views.root(op.operands[0])
                if root is not None and self.final.keys[root] == key:
                    return key.shape[0]
        return 1

    def _scratch(self) -> list[Buffer]:
        """Shared memory of operations that exchange values through it."""
        found: dict[int, list[str]] = {}
        for op in self.allocated.operations:
            offset = op.integer("allocation.offset")
            if offset is None or op.name == "ttg.local_alloc":
                continue
            name = _SCRATCH.get(op.name, op.name.partition(".")[2])
            names = found.setdefault(offset, [])
            if name not in names:
                names.append(name)
        return [Buffer(", ".join(names), "scratch", offset, None, 1, "") for offset, names in found.items()]

    # Partitions.

    def number_of_workers(self) -> int:
        """Partitions besides the kernel's own."""
        return len(_regions(self.division)) - 1 if self.division is not None else 0

    def partitions(self, codes: list[machine.Machine] | None) -> tuple[Partition, ...]:
        """The partitions, or the kernel as the only one."""
        warps = int(self.final.module.attributes.get("ttg.num-warps", "4").partition(" ")[0])
        code = codes or [None] * (1 + self.number_of_workers())
        if self.division is None:
            name = self.final.kernel().attributes.get("sym_name", '"kernel"').strip('"')
            blocks = self.final.kernel().regions[0].blocks
            return (Partition(0, name, warps, 0, steps=self._steps(blocks, 0), machine=code[0]),)
        allocated = (self.allocated.divisions() or [self.division])[0]
        given = allocated.integers("actualRegisters")
        starts = allocated.integers("warpGroupStartIds")
        workers = self.division.integers("partitionNumWarps")
        asked = self.division.integers("requestedRegisters")
        names = "".join(self.division.strings("tle.partitions")).split(",")
        found = []
        for index, blocks in enumerate(_regions(self.division)):
            first = 0 if index == 0 else starts[index - 1] if starts else warps + sum(workers[: index - 1])
            found.append(
                Partition(
                    index=index,
                    name=names[index] if index < len(names) and names[index] else self._role(index),
                    warps=warps if index == 0 else workers[index - 1],
                    first_warp=first,
                    registers=asked[index - 1] if index and asked else None,
                    given=min(given[index], _MOST_REGISTERS) if index < len(given) else None,
                    steps=self._steps(blocks, index),
                    machine=code[index],
                )
            )
        return tuple(found)

    def _role(self, index: int) -> str:
        """What to call a partition that the compiler made."""
        writers = {pipe.writer for pipe in self.pipes}
        readers = {end for pipe in self.pipes for _, end in pipe.readers}
        if index in writers:
            # What comes between loads and sums is made by triton-tle-separate-accumulation only.
            return "scores" if index in readers else "producer"
        if index not in readers:
            return "partition"
        return "sums" if writers & readers else "consumer"

    def _steps(self, blocks: list[mlir.Block], partition: int) -> tuple[Step | Nest, ...]:
        names = self.names
        reader = StepReader(
            self.final.locations,
            self.final.views,
            self.home,
            lambda op: names[self.final.keys[op]],
            lambda number: self.pipes[number].name,
            lambda number: self.pipes[number].writer == partition,
        )
        return reader.read(blocks)

    def before(self) -> tuple[Step | Nest, ...]:
        """Steps of the kernel around its partitions; empty if there are none."""
        if self.division is None:
            return ()
        steps = self._steps(self.final.kernel().regions[0].blocks, 0)
        return () if all(isinstance(step, Step) and step.kind in ("call", "barrier") for step in steps) else steps


def _regions(division: mlir.Operation) -> list[list[mlir.Block]]:
    """The blocks of each partition, that of the kernel's own warps first."""
    default, holder = division.regions
    workers = next(op for op in holder.blocks[0].operations if op.name == "ttg.warp_specialize.partitions")
    return [default.blocks, *(region.blocks for region in workers.regions)]


def partition_of(op: mlir.Operation) -> int | None:
    """The number of the partition that an operation is in."""
    while op.parent is not None:
        region = op.parent.parent
        parent = region.parent
        if parent.name == "ttg.warp_specialize.partitions":
            return 1 + parent.regions.index(region)
        if parent.name == "ttg.warp_specialize" and region is parent.regions[0]:
            return 0
        op = parent
    return None


def ends_of_pipes(text: Text) -> Mapping[tuple[mlir.Operation | None, str | None], int | None]:
    """The partition of each end of each pipe: by allocation of its barriers, and reader (None: the writer)."""
    ends = {}
    for op in text.operations:
        if op.name in ("tle.pipe_acquire", "tle.pipe_commit", "tle.pipe_wait", "tle.pipe_release"):
            reader = "".join(op.strings("reader")) or None
            ends.setdefault((text.views.root(op.operands[0]), reader), partition_of(op))
    return ends
