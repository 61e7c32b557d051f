"""The steps of a partition, read from the operations of a module whose loops are still loops."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from .facts import Nest, Step
from .locations import Locations
from .mlir import Block, Operation, Value
from .views import Views, loop_variable, memdesc, tensor_text

_SHARED_ASM = re.compile(r"\b(ld|st|atom|red)\.(?:\w+\.)*shared")
_IF, _WHILE = re.compile(r"(?:el)?if (.*):"), re.compile(r"while (.*):")
_GLOBAL_STORE = re.compile(r"\bst\.global\b")
_ASM_KINDS = {"ld": "read", "st": "write", "atom": "atomic", "red": "atomic"}
_COPIES = {
    "ttng.async_tma_copy_global_to_local": "TMA",
    "ttng.async_tma_gather": "TMA gather",
    "ttg.async_copy_global_to_local": "",
}
#: Operations that multiply matrices.
PRODUCTS = (
    "tt.dot", "tt.dot_scaled", "ttng.warp_group_dot", "ttng.tc_gen5_mma", "ttng.tc_gen5_mma_scaled"
)  # fmt: skip


class StepReader:
    """Reads steps of one module.

    ``name_of`` gives a buffer's name for its allocation; ``pipe_of`` the name of a pipe for its number; ``is_writer``
    says whether the partition that is read is the writer of the pipe with that number.
    """

    def __init__(
        self,
        locations: Locations,
        views: Views,
        home: str,
        name_of: Callable[[Operation], str],
        pipe_of: Callable[[int], str],
        is_writer: Callable[[int], bool] = lambda number: False,
    ) -> None:
        self.locations, self.views, self.home = locations, views, home
        self.name_of, self.pipe_of, self.is_writer = name_of, pipe_of, is_writer

    def read(self, blocks: Iterable[Block]) -> tuple[Step | Nest, ...]:
        """The steps of blocks, loops and branches without any left out."""
        found: list[Step | Nest] = []
        for block in blocks:
            for op in block.operations:
                found += self._operation(op)
        return tuple(found)

    def _operation(self, op: Operation) -> list[Step | Nest]:
        place = self.locations.place(op.location, self.home)
        if op.name in ("scf.for", "scf.while"):
            body = self.read(block for region in op.regions for block in region.blocks)
            return [Nest("loop", self._loop(op), place, body)] if body else []
        if op.name == "scf.if":
            nests = []
            for kind, region in zip(("if", "else"), op.regions):
                body = self.read(region.blocks)
                detail = self._condition(op) if kind == "if" else ""
                if body:
                    nests.append(Nest(kind, detail, place, body))
            return nests
        if op.name == "ttg.warp_specialize":
            return [Step("call", "the partitions", place)]
        step = self._step(op, place)
        if step is not None:
            return [step]
        if op.name in ("tt.reduce", "tt.scan"):
            return []
        return list(self.read(block for region in op.regions for block in region.blocks))

    def _condition(self, op: Operation) -> str:
        """The user's condition, if the line is his; else what is compared."""
        match = _IF.match(self.locations.source(op.location))
        return match[1] if match else self.views.scalar(op.operands[0])

    def _loop(self, op: Operation) -> str:
        if op.name == "scf.while":
            match = _WHILE.match(self.locations.source(op.location))
            return f"while {match[1]}" if match else "while"
        lower, upper, step = (self.views.scalar(value) for value in op.operands[:3])
        every = "" if step == "1" else f" step {step}"
        return f"{loop_variable(op, self.locations)} = {lower} .. {upper}{every}"

    def _step(self, op: Operation, place: str) -> Step | None:
        name = op.name
        if name in ("ttng.wait_barrier", "ttng.arrive_barrier", "ttng.async_copy_mbarrier_arrive"):
            return self._barrier_step(op, place)
        if name in _COPIES:
            kind = f" by {_COPIES[name]}" if _COPIES[name] else ""
            return Step("copy", f"{self._target(op)}{kind}", place)
        if name == "ttg.async_commit_group":
            return Step("copy", "(end of a group)", place)
        if name == "ttg.async_wait":
            left = op.integer("num")
            return Step("await", f"all but {left} groups of copies" if left else "all copies", place)
        if name in ("ttng.async_tma_copy_local_to_global", "ttng.async_tma_scatter", "ttng.async_tma_reduce"):
            return Step("store", f"{self._buffer(op)} by TMA", place)
        if name == "ttng.async_tma_store_wait":
            return Step("await", "TMA stores", place)
        if name == "ttng.barrier_expect":
            return Step("barrier", f"{self._buffer(op)} expects {op.integer('size')} bytes", place)
        if name in PRODUCTS:
            return Step("product", self._product(op), place)
        if name == "ttng.warp_group_dot_wait":
            left = op.integer("pendings")
            return Step("finish", f"all products but {left}" if left else "all products", place)
        if name == "ttg.local_load":
            return Step("read", self._operand(op.operands[0]), place)
        if name == "ttg.local_store":
            return Step("write", self._operand(op.operands[1]), place)
        if name == "ttg.local_alloc" and op.operands:
            return Step("write", self.name_of(op), place)
        if name in ("tt.load", "tt.descriptor_load", "tt.descriptor_gather"):
            return Step("load", tensor_text(op.results[0].type), place)
        if name in ("tt.store", "tt.descriptor_store"):
            return Step("store", tensor_text(op.operands[1].type), place)
        if name in ("tt.atomic_rmw", "tt.atomic_cas"):
            return Step("atomic", tensor_text(op.operands[0].type), place)
        if name in ("gpu.barrier", "ttg.local_barrier"):
            return Step("barrier", "of these warps", place)
        if name in ("ttng.fence_async_shared", "ttng.fence"):
            return Step("barrier", "fence between stores and products", place)
        if name == "tt.call":
            return Step("call", op.attributes.get("callee", "").lstrip("@"), place)
        if name == "tt.elementwise_inline_asm":
            return self._assembly(op, place)
        return None

    def _barrier_step(self, op: Operation, place: str) -> Step:
        waits = op.name == "ttng.wait_barrier"
        number = op.integer("tle.pipe")
        if number is None:
            what = self._operand(op.operands[0])
            return Step("wait" if waits else "barrier", f"mbarrier {what}" + ("" if waits else " arrives"), place)
        pipe, writes = self.pipe_of(number), self.is_writer(number)
        kind = ("acquire" if writes else "wait") if waits else ("commit" if writes else "release")
        detail = f"{pipe} (of copies)" if op.name == "ttng.async_copy_mbarrier_arrive" else pipe
        return Step(kind, detail, place, pipe)

    def _target(self, op: Operation) -> str:
        """The buffer that a copy goes into: the last one that holds no mbarriers."""
        buffers = [value for value in op.operands if (type := memdesc(value.type)) and type[1] != "i64"]
        return f"{self._operand(buffers[-1])} {tensor_text(buffers[-1].type)}" if buffers else "shared memory"

    def _buffer(self, op: Operation) -> str:
        return next((self._operand(value) for value in op.operands if memdesc(value.type)), "shared memory")

    def _operand(self, value: Value) -> str:
        """A buffer's name and part, or "registers"."""
        if memdesc(value.type) is None:
            return "registers"
        root, part = self.views.view(value)
        return (self.name_of(root) if root is not None else "buffer") + part

    def _product(self, op: Operation) -> str:
        left, right = op.operands[:2]
        out = tensor_text(op.results[0].type if op.results else op.operands[2].type)
        later = ", async" if op.attributes.get("isAsync") == "true" else ""
        return f"{self._operand(left)} @ {self._operand(right)} -> {out}{later}"

    def _assembly(self, op: Operation, place: str) -> Step | None:
        text = op.attributes.get("asm_string", "")
        match = _SHARED_ASM.search(text)
        if match is None:
            return Step("store", "by inline PTX", place) if _GLOBAL_STORE.search(text) else None
        found = next(filter(None, map(self.views.pointed_at, op.operands)), None)
        name = self.name_of(found) if found is not None else "buffer"
        return Step(_ASM_KINDS[match[1]], f"{name} by pointers", place)
