"""Kernels with one mistake each. A comment at the line of the mistake holds what the error must say (a regular
expression); `test_language_errors.py` compiles them all."""

import triton
import triton.language as tl
import triton_tle.language as tle

# tle.gpu.alloc


@triton.jit
def extent_no_power_of_two(x, n):
    tle.gpu.alloc([64, 48], tl.float32)  # error: alloc: shape\[1\] is 48, but must be a power of two


@triton.jit
def extent_zero(x, n):
    tle.gpu.alloc([0, 64], tl.float32)  # error: alloc: shape\[0\] is 0, but must be positive


@triton.jit
def extent_run_time(x, n):
    tle.gpu.alloc([n, 64], tl.float32)  # error: alloc: shape\[0\] is a run-time int32, but must be an integer known at


@triton.jit
def extent_assigned(x, n):
    size = 64
    tle.gpu.alloc([64, size], tl.float32)  # error: shape\[1\] is a run-time int32, but must be an integer known at comp


@triton.jit
def extent_bool(x, n):
    tle.gpu.alloc([True], tl.float32)  # error: alloc: shape\[0\] is True, but must be an integer


@triton.jit
def too_many_dimensions(x, n):
    tle.gpu.alloc([2, 2, 2, 2, 2], tl.float32)  # error: shape is \[2, 2, 2, 2, 2\], but must have 1 to 4 dimensions


@triton.jit
def no_dimensions(x, n):
    tle.gpu.alloc([], tl.float32)  # error: alloc: shape is \[\], but must have 1 to 4 dimensions


@triton.jit
def dtype_missing(x, n):
    tle.gpu.alloc([64, 64])  # error: missing 1 required positional argument: 'dtype'


@triton.jit
def dtype_wrong_kind(x, n):
    tle.gpu.alloc([64, 64], 16)  # error: alloc: dtype is 16, but must be a tl.dtype such as tl.bfloat16


@triton.jit
def dtype_bool(x, n):
    tle.gpu.alloc([64, 64], tl.int1)  # error: alloc: dtype is int1, but shared memory holds whole bytes: use tl.int8


@triton.jit
def dtype_pointer(x, n):
    tle.gpu.alloc([64, 64], x.dtype)  # error: alloc: dtype is pointer<fp32>, but must be an integer, float or fp8 type


@triton.jit
def scope_tensor_memory(x, n):
    tle.gpu.alloc([64, 64], tl.float32, scope=tle.gpu.tmem)  # error: tensor memory is not supported: use tle.gpu.smem


@triton.jit
def scope_wrong_kind(x, n):
    tle.gpu.alloc([64, 64], tl.float32, scope="smem")  # error: alloc: scope is 'smem', but must be tle.gpu.smem


@triton.jit
def larger_than_shared_memory(x, n):
    tle.gpu.alloc([512, 128], tl.float32)  # error: takes 262144 bytes, but sm_90 has 232448 bytes of shared memory


@triton.jit
def layout_wrong_kind(x, n):
    tle.gpu.alloc([64, 64], tl.float32, layout=3)  # error: alloc: layout is 3, but must be made by tle.gpu.nv_mma_sh


@triton.jit
def layout_class(x, n):
    tle.gpu.alloc([64, 64], tl.float32, tle.gpu.swizzled_shared_layout)  # error: layout is the class swizzled_shared_


@triton.jit
def layout_rank(x, n):
    tle.gpu.alloc([64], tl.float32, tle.gpu.nv_mma_shared_layout())  # error: layout has rank 2, but shape \[64\] has r


@triton.jit
def nv_mma_rows(x, n):
    tle.gpu.alloc([4, 64], tl.float32, tle.gpu.nv_mma_shared_layout())  # error: 4 rows of 256 bytes, but nv_mma_shared


@triton.jit
def nv_mma_row_bytes(x, n):
    tle.gpu.alloc([64, 4], tl.float16, tle.gpu.nv_mma_shared_layout())  # error: at least 8 rows of 16 bytes


@triton.jit
def nv_mma_swizzle_width(x, n):
    tle.gpu.alloc([64, 32], tl.float16, tle.gpu.nv_mma_shared_layout(128))  # error: swizzle=128 bytes, but shape \[64,


@triton.jit
def nv_mma_swizzle_value(x, n):
    tle.gpu.alloc([64, 64], tl.float16, tle.gpu.nv_mma_shared_layout(96))  # error: swizzle is 96, but must be 0, 32, 6


@triton.jit
def nv_mma_element(x, n):
    tle.gpu.alloc([64, 64], tl.int8, tle.gpu.nv_mma_shared_layout(element_bitwidth=16))  # error: elements of 16 bits


@triton.jit
def nv_mma_flag(x, n):
    tle.gpu.alloc([64, 64], tl.float16, nv_mma_shared_layout=1)  # error: nv_mma_shared_layout is 1, but must be True o


@triton.jit
def swizzle_no_power_of_two(x, n):
    tle.gpu.swizzled_shared_layout(3, 1, 1)  # error: swizzled_shared_layout: vec is 3, but must be a power of two


@triton.jit
def swizzle_order(x, n):
    tle.gpu.swizzled_shared_layout(1, 1, 1, (1, 1))  # error: order is \[1, 1\], but must name each of the 2 dimensions


@triton.jit
def swizzle_too_wide(x, n):
    tle.gpu.alloc([64, 32], tl.float16, tle.gpu.swizzled_shared_layout(8, 1, 8))  # error: needs 64 elements along dime


# Buffers


@triton.jit
def index_without_slots(x, n):
    buffer = tle.gpu.alloc([64, 64], tl.float32)
    buffer.index(0)  # error: buffer.index: the buffer fp32\[64, 64\] has no slots in front


@triton.jit
def index_out_of_range(x, n):
    ring = tle.gpu.alloc([3, 64, 64], tl.float32)
    ring.index(3)  # error: the slot index is 3, but must lie in \[0, 3\)


@triton.jit
def index_negative(x, n):
    ring = tle.gpu.alloc([3, 64, 64], tl.float32)
    ring.index(-1)  # error: the slot index is -1, but must lie in \[0, 3\)


@triton.jit
def index_float(x, n):
    ring = tle.gpu.alloc([3, 64, 64], tl.float32)
    ring.index(1.0)  # error: the slot index is 1.0, but must be an integer or a scalar integer tensor


@triton.jit
def index_block(x, n):
    ring = tle.gpu.alloc([4, 64, 64], tl.float32)
    ring.index(tl.arange(0, 4))  # error: the slot index is a tensor int32\[4\], but must be an integer or a scalar


@triton.jit
def index_count(x, n):
    ring = tle.gpu.alloc([2, 2, 64, 64], tl.float32)
    ring.index(0)  # error: got 1 indices, but the buffer fp32\[2, 2, 64, 64\] has 2 slot dimensions


@triton.jit
def slice_run_time(x, n):
    tle.gpu.alloc([64, 64], tl.float32).slice(n, 32)  # error: slice: offset is a run-time int32, but must be an integer


@triton.jit
def slice_outside(x, n):
    tle.gpu.alloc([64, 64], tl.float32).slice(64, 32)  # error: \[64, 96\) lies outside of dimension 0 of the buffer


@triton.jit
def slice_unaligned(x, n):
    tle.gpu.alloc([64, 64], tl.float32).slice(16, 32, 1)  # error: offset is 16, but must be a multiple of length=32


@triton.jit
def slice_length(x, n):
    tle.gpu.alloc([64, 64], tl.float32).slice(0, 24)  # error: length is 24, but must be a power of two


@triton.jit
def slice_dimension(x, n):
    tle.gpu.alloc([64, 64], tl.float32).slice(0, 32, 2)  # error: dim is 2, but the buffer fp32\[64, 64\] has dimensions


@triton.jit
def slice_through_swizzle(x, n):
    tle.gpu.alloc([64, 64], tl.float32).slice(0, 4, 0)  # error: length is 4, but must be at least 8 along dimension 0


@triton.jit
def slice_slots(x, n):
    tle.gpu.alloc([2, 64, 64], tl.float32).slice(0, 32, 1)  # error: has 2 slots in front; pick one with buffer.index\(i


@triton.jit
def permute_rank_3(x, n):
    layout: tl.constexpr = tle.gpu.nv_mma_shared_layout(rank=3)
    buffer = tle.gpu.alloc([8, 8, 16], tl.float16, layout=layout)
    buffer.permute(2, 0, 1)  # error: buffer.permute: order is \[2, 0, 1\] for nv_mma_shared_layout\(rank=3\), but


@triton.jit
def permute_no_permutation(x, n):
    tle.gpu.alloc([64, 64], tl.float32).permute(0, 0)  # error: permute: order is \[0, 0\], but must name each of the 2


@triton.jit
def transposed_vector(x, n):
    _ = tle.gpu.alloc([64], tl.float32).T  # error: buffer.T: the buffer fp32\[64\] is no matrix


@triton.jit
def load_slots(x, n):
    tle.gpu.alloc([2, 64, 64], tl.float32).load()  # error: buffer.load: the buffer fp32\[2, 64, 64\] has 2 slots


@triton.jit
def store_shape(x, n):
    buffer = tle.gpu.alloc([64, 64], tl.float32)
    buffer.store(tl.zeros([64, 32], tl.float32))  # error: store: value has shape \[64, 32\], which does not broadcast


@triton.jit
def buffer_in_load(x, n):
    buffer = tle.gpu.alloc([64, 64], tl.float32)
    tl.load(buffer)  # error: a buffer fp32\[64, 64\] is no tensor and no pointer: read it with buffer.load\(\) or tl.lo


@triton.jit
def buffer_in_store(x, n):
    buffer = tle.gpu.alloc([64, 64], tl.float32)
    tl.store(buffer, 0.0)  # error: write it with buffer.store\(x\) or tl.store\(tle.gpu.local_ptr\(buffer\), x\)


@triton.jit
def buffer_plus(x, n):
    buffer = tle.gpu.alloc([64, 64], tl.float32)
    buffer + 1  # error: the buffer fp32\[64, 64\] has no operators: take buffer.load\(\)


@triton.jit
def tensor_plus_buffer(x, n):
    buffer = tle.gpu.alloc([64, 64], tl.float32)
    n + buffer  # error: a buffer fp32\[64, 64\] is no tensor and no pointer


@triton.jit
def buffer_subscript(x, n):
    buffer = tle.gpu.alloc([64, 64], tl.float32)
    buffer[0]  # error: has no subscripts: use buffer.index\(i\) for a slot


@triton.jit
def buffer_attribute(x, n):
    tle.gpu.alloc([64, 64], tl.float32).to(tl.float16)  # error: the buffer fp32\[64, 64\] has no 'to'; it has load\(\)


@triton.jit
def buffer_changes_in_loop(x, n):
    buffer = tle.gpu.alloc([64, 64], tl.float32)
    for _ in range(n):  # error: Loop carried variable buffer changed type, .*buffer fp32\[32, 64\].*buffer fp32\[64, 64
        buffer = buffer.slice(0, 32)


@triton.jit
def buffer_changes_in_branch(x, n):
    buffer = tle.gpu.alloc([64, 64], tl.float32)
    if n > 0:  # error: initial value for `buffer` is of type buffer fp32\[64, 64\], but the then block redefines it as
        buffer = buffer.slice(0, 32)


@triton.jit
def pointers_change_memory(x, n):
    pointers = tle.gpu.local_ptr(tle.gpu.alloc([64], tl.float32))
    for _ in range(n):  # error: Loop carried variable pointers changed type
        pointers = x + tl.arange(0, 64)
    tl.store(pointers, 0.0)


# tle.gpu.local_ptr


@triton.jit
def pointer_to_tensor(x, n):
    tle.gpu.local_ptr(tl.arange(0, 64))  # error: local_ptr: buffer is a tensor int32\[64\], but must be a buffer


@triton.jit
def pointer_to_global(x, n):
    tle.gpu.local_ptr(x)  # error: local_ptr: buffer is a run-time pointer<fp32>, but must be a buffer made by


@triton.jit
def pointer_index_count(x, n):
    buffer = tle.gpu.alloc([64, 64], tl.float32)
    tle.gpu.local_ptr(buffer, (tl.arange(0, 64),))  # error: got 1 indices, but the buffer fp32\[64, 64\] has 2 dimens


@triton.jit
def pointer_index_float(x, n):
    buffer = tle.gpu.alloc([64, 64], tl.float32)
    tle.gpu.local_ptr(buffer, (tl.arange(0, 64) * 1.0, 0))  # error: indices\[0\] of the buffer .* must hold integers


@triton.jit
def pointer_index_bool(x, n):
    buffer = tle.gpu.alloc([64, 64], tl.float32)
    tle.gpu.local_ptr(buffer, (tl.arange(0, 64) < n, 0))  # error: indices\[0\] of the buffer .* must hold integers


@triton.jit
def pointer_index_scalar_float(x, n):
    buffer = tle.gpu.alloc([64, 64], tl.float32)
    tle.gpu.local_ptr(buffer, (tl.arange(0, 64), 0.5))  # error: indices\[1\] of the buffer .* is 0.5, but must be an i


@triton.jit
def pointer_index_outside(x, n):
    buffer = tle.gpu.alloc([64, 32], tl.float32)
    tle.gpu.local_ptr(buffer, (tl.arange(0, 64), 32))  # error: indices\[1\] of the buffer .* is 32, but must lie in \[


@triton.jit
def pointer_index_shapes(x, n):
    buffer = tle.gpu.alloc([64, 64], tl.float32)
    tle.gpu.local_ptr(buffer, (tl.arange(0, 64), tl.arange(0, 32)))  # error: indices of shapes \[64\], \[32\] do not br


@triton.jit
def pointer_slots(x, n):
    ring = tle.gpu.alloc([2, 64, 64], tl.float32)
    tle.gpu.local_ptr(ring)  # error: local_ptr: the buffer fp32\[2, 64, 64\] has 2 slots in front; pick one


@triton.jit
def pointer_arithmetic(x, n):
    pointers = tle.gpu.local_ptr(tle.gpu.alloc([64, 64], tl.float32))
    tl.load(pointers + 64)  # error: arithmetic on the pointers of tle.gpu.local_ptr


@triton.jit
def pointer_arithmetic_in_loop(x, n):
    pointers = tle.gpu.local_ptr(tle.gpu.alloc([64, 64], tl.float32))
    for _ in range(n):
        pointers += 64  # error: arithmetic on the pointers of tle.gpu.local_ptr


@triton.jit
def pointer_dot(x, n):
    pointers = tle.gpu.local_ptr(tle.gpu.alloc([64, 64], tl.float32))
    tl.dot(pointers, pointers)  # error: (?s).*shared_pointer<fp32>


@triton.jit
def pointer_store_shape(x, n):
    pointers = tle.gpu.local_ptr(tle.gpu.alloc([64, 64], tl.float32))
    tl.store(pointers, tl.zeros([64, 32], tl.float32))  # error: incompatible dimensions at index 1: 64 and 32


# tle.gpu.copy


@triton.jit
def copy_without_buffer(x, n):
    tle.gpu.copy(x + tl.arange(0, 64), x + tl.arange(0, 64))  # error: but exactly one of them must be a buffer


@triton.jit
def copy_between_buffers(x, n):
    tle.gpu.copy(tle.gpu.alloc([64], tl.float32), tle.gpu.alloc([64], tl.float32))  # error: exactly one of them must


@triton.jit
def copy_scalar_pointer(x, n):
    tle.gpu.copy(x, tle.gpu.alloc([64], tl.float32))  # error: src is a run-time pointer<fp32>, but must be a tensor of


@triton.jit
def copy_numbers(x, n):
    tle.gpu.copy(tl.arange(0, 64), tle.gpu.alloc([64], tl.float32))  # error: src is a tensor int32\[64\], but must


@triton.jit
def copy_local_pointers(x, n):
    pointers = tle.gpu.local_ptr(tle.gpu.alloc([64], tl.float32))
    tle.gpu.copy(pointers, tle.gpu.alloc([64], tl.float32))  # error: src points into shared memory, but must point to


@triton.jit
def copy_dtype(x, n):
    tle.gpu.copy(x + tl.arange(0, 64), tle.gpu.alloc([64], tl.float16))  # error: src holds fp32, but the buffer holds f


@triton.jit
def copy_shapes(x, n):
    tle.gpu.copy(tle.gpu.alloc([64], tl.float32), x + tl.arange(0, 32))  # error: dst has shape \[32\], but the buffer h


@triton.jit
def copy_wrong_shape(x, n):
    tle.gpu.copy(x + tl.arange(0, 64), tle.gpu.alloc([64], tl.float32), [32])  # error: shape is \[32\], but src and dst


@triton.jit
def copy_mask_dtype(x, n):
    tle.gpu.copy(x + tl.arange(0, 64), tle.gpu.alloc([64], tl.float32), mask=tl.arange(0, 64))  # error: mask holds int3


@triton.jit
def copy_mask_shape(x, n):
    tle.gpu.copy(x + tl.arange(0, 64), tle.gpu.alloc([64], tl.float32), mask=tl.arange(0, 32) < n)  # error: mask has sh


@triton.jit
def copy_other_without_mask(x, n):
    tle.gpu.copy(x + tl.arange(0, 64), tle.gpu.alloc([64], tl.float32), other=0.0)  # error: other goes with a mask


@triton.jit
def copy_offsets_with_pointers(x, n):
    tle.gpu.copy(x + tl.arange(0, 64), tle.gpu.alloc([64], tl.float32), offsets=[0])  # error: offsets go with a descri


@triton.jit
def copy_descriptor_without_offsets(x, n):
    descriptor = tl.make_tensor_descriptor(x, [n, 64], [64, 1], [64, 64])
    tle.gpu.copy(descriptor, tle.gpu.alloc([64, 64], tl.float32))  # error: offsets is missing: give the block's positio


@triton.jit
def copy_descriptor_offset_count(x, n):
    descriptor = tl.make_tensor_descriptor(x, [n, 64], [64, 1], [64, 64])
    tle.gpu.copy(descriptor, tle.gpu.alloc([64, 64], tl.float32), offsets=[0])  # error: got 1 offsets, but the block ha


@triton.jit
def copy_descriptor_offset_kind(x, n):
    descriptor = tl.make_tensor_descriptor(x, [n, 64], [64, 1], [64, 64])
    tle.gpu.copy(descriptor, tle.gpu.alloc([64, 64], tl.float32), offsets=[0, 1.0])  # error: offsets\[1\] is 1.0, but m


@triton.jit
def copy_descriptor_mask(x, n):
    descriptor = tl.make_tensor_descriptor(x, [n, 64], [64, 1], [64, 64])
    buffer = tle.gpu.alloc([64, 64], tl.float32)
    tle.gpu.copy(buffer, descriptor, offsets=[0, 0], mask=tl.arange(0, 64) < n)  # error: but dst is a descriptor


@triton.jit
def copy_descriptor_block(x, n):
    descriptor = tl.make_tensor_descriptor(x, [n, 64], [64, 1], [32, 64])
    tle.gpu.copy(descriptor, tle.gpu.alloc([64, 64], tl.float32), offsets=[0, 0])  # error: src has shape \[32, 64\], bu


# Asynchronous copies, operands, tiles


@triton.jit
def async_copy_dtype(x, n):
    tle.gpu.async_copy(x + tl.arange(0, 64), tle.gpu.alloc([64], tl.float16))  # error: ptrs points at fp32, but the buf


@triton.jit
def async_copy_shape(x, n):
    tle.gpu.async_copy(x + tl.arange(0, 32), tle.gpu.alloc([64], tl.float32))  # error: ptrs has shape \[32\], but the b


@triton.jit
def async_copy_eviction(x, n):
    buffer = tle.gpu.alloc([64], tl.float32)
    tle.gpu.async_copy(x + tl.arange(0, 64), buffer, eviction_policy="first")  # error: eviction_policy is 'first'


@triton.jit
def async_copy_other(x, n):
    tle.gpu.async_copy(x + tl.arange(0, 64), tle.gpu.alloc([64], tl.float32), other=0.0)  # error: other goes with a ma


@triton.jit
def async_copy_other_value(x, n):
    buffer = tle.gpu.alloc([64], tl.float32)
    tle.gpu.async_copy(x + tl.arange(0, 64), buffer, tl.arange(0, 64) < n, 1.0)  # error: other is 1.0, but masked elem


@triton.jit
def async_copy_other_tensor(x, n):
    buffer = tle.gpu.alloc([64], tl.float32)
    tle.gpu.async_copy(x + tl.arange(0, 64), buffer, tl.arange(0, 64) < n, n)  # error: other is a run-time int32, but m


@triton.jit
def async_wait_run_time(x, n):
    tle.gpu.async_wait(n)  # error: async_wait: n is a run-time int32, but must be an integer known at compile time


@triton.jit
def async_wait_negative(x, n):
    tle.gpu.async_wait(-1)  # error: async_wait: n is -1, but must not be negative


@triton.jit
def view_of_swizzled(x, n):
    buffer = tle.gpu.alloc([64, 64], tl.float32, tle.gpu.swizzled_shared_layout())
    tle.gpu.wgmma_view(buffer, (1, 0))  # error: but WGMMA reads tle.gpu.nv_mma_shared_layout only


@triton.jit
def view_order(x, n):
    tle.gpu.wgmma_view(tle.gpu.alloc([64, 64], tl.float16), (1, 1))  # error: wgmma_view: order is \[1, 1\], but must na


@triton.jit
def view_of_vector(x, n):
    tle.gpu.wgmma_view(tle.gpu.alloc([64], tl.float16), (0,))  # error: has rank 1, but an operand is a matrix


@triton.jit
def fence_of_tensor(x, n):
    tle.gpu.wgmma_operand_fence(n)  # error: wgmma_operand_fence: buffers\[0\] is a run-time int32, but must be a buffer


@triton.jit
def cumsum_axis(x, n):
    tle.cumsum(tl.arange(0, 64), axis=1)  # error: cumsum: axis is 1, but input has rank 1


@triton.jit
def cumsum_scalar(x, n):
    tle.cumsum(n)  # error: cumsum: input is a run-time int32, but must be a tensor with at least one dimension


@triton.jit
def cumsum_pointers(x, n):
    tle.cumsum(x + tl.arange(0, 64))  # error: cumsum: input holds pointer<fp32>, but must hold numbers


@triton.jit
def cumsum_reverse(x, n):
    tle.cumsum(tl.arange(0, 64), reverse=n)  # error: cumsum: reverse is a run-time int32, but must be True or False


@triton.jit
def tile_does_not_divide(x, n):
    tle.extract_tile(tl.zeros([64, 64], tl.float32), (0, 0), (64, 128))  # error: but dimension 1 must divide 64


@triton.jit
def tile_rank(x, n):
    tle.extract_tile(tl.zeros([64, 64], tl.float32), 0, (64,))  # error: tile_shape has rank 1, but x has rank 2


@triton.jit
def tile_index_outside(x, n):
    tle.extract_tile(tl.zeros([64, 64], tl.float32), (2, 0), (32, 64))  # error: index\[0\] is 2, but must lie in \[0, 2


@triton.jit
def tile_index_count(x, n):
    tle.extract_tile(tl.zeros([64, 64], tl.float32), (0,), (32, 64))  # error: index has 1 items, but x has 2 dimensions


@triton.jit
def tile_linear_index_outside(x, n):
    tle.extract_tile(tl.zeros([64, 64], tl.float32), 4, (32, 32))  # error: index is 4, but must lie in \[0, 4\)


@triton.jit
def inserted_tile_rank(x, n):
    tle.insert_tile(tl.zeros([64, 64], tl.float32), tl.arange(0, 64), 0)  # error: insert_tile: tile has rank 1, but x h


@triton.jit
def inserted_tile_kind(x, n):
    tle.insert_tile(tl.zeros([64, 64], tl.float32), 1.0, 0)  # error: tile is 1.0, but must be a tensor with at least
