"""Carries TLE's builtins out by adding operations to the kernel that Triton's frontend builds.

Operations that stock Triton knows are made with a Gluon builder. Any other is a call of a private function without a
body whose attributes say what the operation is; the pass ``triton-tle-raise-frontend`` turns it into that operation.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import triton.language as tl
from triton._C.libtriton import gluon_ir, ir
from triton.compiler.code_generator import flatten_values_to_ir, unflatten_ir_values
from triton.compiler.errors import CompilationError
from triton.language import core

from ..compiler.errors import PartitionError
from ..compiler.memory import SHARED_MEMORY_KIB
from ._builtin import is_power_of_two
from ._pipes import pipe_type, pipe_value
from .gpu.layouts import swizzled_shared_layout
from .gpu.types import buffer, buffer_type, materialize, pointers_value

BARRIER_LAYOUT = swizzled_shared_layout(1, 1, 1, (0,))


class PartitionContext:
    """What functions that a partition calls are compiled for; stock's frontend asks for these two methods."""

    def __init__(self, num_warps: int):
        self.num_warps = num_warps

    def mangle(self) -> str:
        """The partition as part of a function's symbol."""
        return f"_PW{self.num_warps}"

    def initialize_callee(self, fn, builder) -> None:
        """Nothing is noted on the function: it is inlined."""


class IRTarget:
    """One builtin's access to the kernel under construction.

    Attributes:
        semantic: Triton's semantic object, whose builder stands where the operation goes.
    """

    interpreted = False

    def __init__(self, semantic, generator):
        self.semantic = semantic
        self.generator = generator

    @property
    def options(self):
        """Compile options of the kernel."""
        return self.semantic.builder.options

    @property
    def capability(self) -> int | None:
        """Compute capability that the kernel is compiled for, such as 90; None for no NVIDIA GPU."""
        match = re.match(r"sm_?(\d+)", str(getattr(self.options, "arch", None) or ""))
        return int(match.group(1)) if match else None

    def shared_memory_limit(self) -> tuple[int, str]:
        """Bytes of shared memory of a CTA, and the name of the target that has them."""
        capability = self.capability
        if capability in SHARED_MEMORY_KIB:
            return SHARED_MEMORY_KIB[capability] * 1024, f"sm_{capability}"
        return max(SHARED_MEMORY_KIB.values()) * 1024, "any target"

    def known_value(self, value: tl.tensor) -> int | None:
        """The value of a scalar tensor if it is known now."""
        return None

    def _gluon(self):
        """A Gluon builder at the kernel's insertion point and source location. What it adds goes in front of that
        point, so the frontend's builder need not move."""
        builder = self.semantic.builder
        gluon = gluon_ir.GluonOpBuilder(self.generator.context)
        gluon.restore_insertion_point(builder.get_insertion_point())
        gluon.set_loc(builder.get_loc())
        return gluon

    def _memdesc_type(self, gluon, type: buffer_type):
        alloc = (type.memdesc_shape[0], *type.alloc_tile) if type.slots else type.alloc_tile
        return gluon.get_shared_mem_desc_ty(
            type.element_ty.to_ir(gluon), list(type.memdesc_shape), type.layout.to_ir(gluon), list(alloc)
        )

    @staticmethod
    def _buffer(handle, type: buffer_type) -> buffer:
        return buffer(handle, type.replace(ir_type=handle.get_type()))

    # Shared memory.

    def local_alloc(self, type: buffer_type) -> buffer:
        gluon = self._gluon()
        return self._buffer(gluon.create_local_alloc(self._memdesc_type(gluon, type)), type)

    def memdesc_index(self, source: buffer, slot, type: buffer_type) -> buffer:
        index = self.semantic.to_tensor(slot).handle
        gluon = self._gluon()
        return self._buffer(gluon.create_memdesc_index(self._memdesc_type(gluon, type), source.handle, index), type)

    def memdesc_subslice(self, source: buffer, offsets: Sequence[int], type: buffer_type) -> buffer:
        gluon = self._gluon()
        handle = gluon.create_memdesc_subslice(self._memdesc_type(gluon, type), source.handle, list(offsets))
        return self._buffer(handle, type)

    def memdesc_trans(self, source: buffer, order: Sequence[int], type: buffer_type) -> buffer:
        return self._buffer(self._gluon().create_memdesc_trans(source.handle, list(order)), type)

    def wgmma_view(self, source: buffer, order: Sequence[int], type: buffer_type) -> buffer:
        result_type = self._memdesc_type(self._gluon(), type)
        attributes = f"order = array<i32: {', '.join(map(str, order))}>"
        (handle,) = self.call("memdesc_wgmma_view", [source.handle], [result_type], attributes)
        return self._buffer(handle, type)

    def local_load(self, source: buffer) -> tl.tensor:
        type = tl.block_type(source.dtype, list(source.type.shape))
        gluon = self._gluon()
        return tl.tensor(gluon.create_local_load(type.to_ir(gluon), source.handle), type)

    def local_store(self, target: buffer, value: tl.tensor) -> None:
        self._gluon().create_local_store(target.handle, value.handle)

    def local_pointers(self, source: buffer, indices: Sequence[tl.tensor], type: tl.dtype) -> tl.tensor:
        handles = [source.handle] + [index.handle for index in indices]
        (handle,) = self.call("local_pointers", handles, [type.to_ir(self.semantic.builder)])
        return pointers_value(handle, type)

    def wgmma_operand_fence(self, operands: Sequence[buffer]) -> None:
        self.call("wgmma_shared_operand_fence", [operand.handle for operand in operands], [])

    def hold_in_registers(self, value: tl.tensor) -> tl.tensor:
        # Assembly without effects: its layout is free, but nothing looks through it.
        packed = 32 // value.dtype.primitive_bitwidth
        return core.inline_asm_elementwise(
            "mov.b32 $0, $1;", "=r,r", [value], value.dtype, True, packed, _semantic=self.semantic
        )

    def barrier(self) -> None:
        self.semantic.builder.create_barrier()

    def named_barrier_state(self, name: str) -> None:
        """Nothing: what there is to know is in the barrier's type."""

    def named_barrier_wait(self, barrier) -> None:
        # Not the aligned form: LLVM may leave the threads of a warp in different places. The operand is there because
        # stock takes no assembly without any.
        text = f"barrier.sync {barrier.type.number}, {barrier.type.threads}; mov.b32 $0, $1;"
        zero = self.semantic.to_tensor(0)
        core.inline_asm_elementwise(text, "=r,r", [zero], tl.int32, False, 1, _semantic=self.semantic)

    # Partitions and pipes.

    @property
    def in_partition(self) -> bool:
        """Whether a partition is being compiled."""
        return isinstance(self.generator.caller_context, PartitionContext)

    def warp_specialize(self, partitions, warps: Sequence[int], registers: Sequence[int] | None) -> None:
        builder = self.semantic.builder
        # Functions, dtypes and the like are constants of the partition.
        partitions = [
            (function, [value if isinstance(value, core.base_value) else core.constexpr(value) for value in arguments])
            for function, arguments in partitions
        ]
        after = builder.get_insertion_point()
        gluon = self._gluon()
        (_, default_arguments), *workers = partitions
        captures = [flatten_values_to_ir(arguments) for _, arguments in workers]
        flat = [handle for handles in captures for handle in handles]
        operation = gluon.create_warp_specialize([], flat, list(warps))
        if registers is not None:
            operation.set_requested_registers(list(registers))
        names = ",".join(function.fn.__name__ for function, _ in partitions)
        operation.set_attr("tle.partitions", builder.get_string_attr(names))
        gluon.create_block_with_parent(operation.get_default_region(), [])
        self._call_partition(gluon, partitions[0][0], default_arguments, self.options.num_warps)
        gluon.restore_insertion_point(builder.get_insertion_point())
        gluon.create_warp_yield([])
        gluon.create_block_with_parent(operation.get_partition_op_holder(), [])
        holder = gluon.create_warp_specialize_partitions(len(workers))
        types = [handle.get_type() for handle in flat]
        first = 0
        for number, (function, arguments) in enumerate(workers):
            block = gluon.create_block_with_parent(holder.get_region(number), types)
            own = [block.get_argument(first + i) for i in range(len(captures[number]))]
            first += len(own)
            values = list(unflatten_ir_values(own, [argument.type for argument in arguments]))
            self._call_partition(gluon, function, values, warps[number])
            gluon.restore_insertion_point(builder.get_insertion_point())
            gluon.create_warp_return()
        builder.restore_insertion_point(after)

    def _call_partition(self, gluon, function, arguments, num_warps: int) -> None:
        self.semantic.builder.restore_insertion_point(gluon.get_insertion_point())
        context = PartitionContext(num_warps)
        name = function.fn.__name__
        try:
            result = self.generator.call_JitFunction(function, list(arguments), {}, caller_context=context)
        except CompilationError as error:
            inner = error
            while isinstance(inner.__cause__, CompilationError):
                inner = inner.__cause__
            message = f"tle.gpu.warp_specialize: in partition '{name}', {inner}"
            raise PartitionError(error.src, error.node, message) from error
        if result is not None:
            raise ValueError(
                f"tle.gpu.warp_specialize: '{name}' returns {result}, but a partition returns nothing; "
                "leave results in a buffer"
            )

    def pipe_create(self, name: str, fields: dict[str, buffer], readers: tuple[str, ...], one_shot: bool) -> pipe_value:
        fields = {field: materialize(self, value) for field, value in fields.items()}
        slots = next(iter(fields.values())).type.slots[0]
        words = slots if one_shot else 2 * slots
        barriers = self.local_alloc(buffer_type(tl.int64, (words,), (1,), BARRIER_LAYOUT, (1,)))
        listed = ", ".join(f'"{reader}"' for reader in readers)
        named = ", ".join(f'"{field}"' for field in fields)
        attributes = f'name = "{name}", oneShot = {str(one_shot).lower()}, readers = [{listed}], tle.fields = [{named}]'
        self.call("pipe_create", [barriers.handle, *(value.handle for value in fields.values())], [], attributes)
        type = pipe_type(name, {field: value.type for field, value in fields.items()}, barriers.type, readers, one_shot)
        return pipe_value(type, barriers, fields)

    def pipe_step(
        self, pipe: pipe_value, step: str, index: int | tl.tensor, reader: str | None, releases: bool
    ) -> None:
        attributes = "" if reader is None else f'reader = "{reader}"'
        if not releases:
            attributes += ", tle.implied_release"
        self.call(f"pipe_{step}", [pipe.barriers.handle, self.semantic.to_tensor(index).handle], [], attributes)

    def pipe_close(self, pipe: pipe_value, count: int | tl.tensor) -> None:
        # The slot of a tile behind the last one is free when the tile that lay there last has been released.
        for i in range(pipe.type.num_slots):
            index = self.semantic.add(self.semantic.to_tensor(count), self.semantic.to_tensor(i), False)
            self.call("pipe_acquire", [pipe.barriers.handle, index.handle], [], f"tle.close = {i} : i32")

    def slot_of_tile(self, index: tl.tensor, slots: int) -> int | tl.tensor:
        """The slot in which a tile lies."""
        semantic = self.semantic
        if slots == 1:
            return 0
        if is_power_of_two(slots):
            return semantic.and_(index, semantic.to_tensor(slots - 1))
        unsigned = semantic.cast(index, tl.uint32)
        rest = semantic.mod(unsigned, semantic.cast(semantic.to_tensor(slots), tl.uint32))
        return semantic.cast(rest, tl.int32)

    # Async copies.

    def async_copy(self, pointers: tl.tensor, target: buffer, mask: tl.tensor | None, eviction_policy: str) -> None:
        none = ir.value()
        policy = getattr(ir.EVICTION_POLICY, eviction_policy.upper() or "NORMAL")
        self._gluon().create_async_copy_global_to_local(
            target.handle,
            pointers.handle,
            none if mask is None else mask.handle,
            none,
            ir.CACHE_MODIFIER.NONE,
            policy,
            False,
        )

    def copy_block(self, target: buffer, descriptor, offsets: list) -> None:
        """The block of a descriptor goes into a buffer; into the slot of a pipe without waiting for it."""
        self.local_store(target, self.semantic.descriptor_load(descriptor, offsets, "", ""))

    def async_commit(self) -> None:
        self._gluon().create_async_commit_group()

    def async_wait(self, pending: int) -> None:
        self._gluon().create_async_wait_group(pending)

    # Register tensors.

    def exclusive_cumsum(self, source: tl.tensor, axis: int, reverse: bool) -> tuple[tl.tensor, tl.tensor]:
        rest = [int(extent) for i, extent in enumerate(source.type.shape) if i != axis]
        total_type = tl.block_type(source.dtype, rest) if rest else source.dtype
        builder = self.semantic.builder
        types = [source.type.to_ir(builder), total_type.to_ir(builder)]
        attributes = f"axis = {axis} : i32, reverse = {str(reverse).lower()}"
        exclusive, total = self.call("exclusive_cumsum", [source.handle], types, attributes)
        return tl.tensor(exclusive, source.type), tl.tensor(total, total_type)

    def extract_tile(self, source: tl.tensor, indices, tile_shape: Sequence[int]) -> tl.tensor:
        type = tl.block_type(source.dtype, list(tile_shape))
        operands = [source.handle] + [self.semantic.to_tensor(index).handle for index in indices]
        (handle,) = self.call("extract_tile", operands, [type.to_ir(self.semantic.builder)])
        return tl.tensor(handle, type)

    def insert_tile(self, destination: tl.tensor, tile: tl.tensor, indices) -> tl.tensor:
        operands = [tile.handle, destination.handle] + [self.semantic.to_tensor(index).handle for index in indices]
        (handle,) = self.call("insert_tile", operands, [destination.type.to_ir(self.semantic.builder)])
        return tl.tensor(handle, destination.type)

    # Operations of the tle dialect.

    def call(self, op: str, operands: Sequence, result_types: Sequence, attributes: str = "") -> list:
        """Adds the operation ``tle.<op>`` in the form that stock Triton carries along.

        Args:
            op: name without the dialect.
            operands: IR values.
            result_types: IR types.
            attributes: the inside of an MLIR dictionary.

        Returns:
            The results, as IR values.
        """
        builder = self.semantic.builder
        function = self._declare(op, [operand.get_type() for operand in operands], result_types, attributes)
        call = builder.call(function, list(operands))
        return [call.get_result(i) for i in range(len(result_types))]

    def _declare(self, op: str, operand_types: Sequence, result_types: Sequence, attributes: str):
        """The declaration that stands for an operation of these types; the module has one of each."""
        module = self.generator.module
        # One table serves all functions of a module, so it is the place to remember declarations in.
        table = self.generator.function_ret_types
        key = ("tle", op, tuple(map(str, operand_types)), tuple(map(str, result_types)), attributes)
        if key in table:
            return module.get_function(table[key])
        symbol = f"tle.{op}.{sum(1 for other in table if isinstance(other, tuple) and other[:2] == key[:2])}"
        builder = ir.builder(self.generator.context)
        builder.set_loc(self.semantic.builder.get_loc())
        type = builder.get_function_ty(list(operand_types), list(result_types))
        function = builder.get_or_insert_function(module, symbol, type, "private", True)
        function.set_attr("tle.op", builder.get_string_attr(op))
        if attributes:
            function.set_attr("tle.attrs", builder.get_string_attr("{" + attributes + "}"))
        module.push_back(function)
        table[key] = symbol
        return function
