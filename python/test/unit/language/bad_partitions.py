"""Kernels with one mistake each about partitions and pipes. A comment at the line of the mistake holds what the error
must say (a regular expression); `test_warp_specialize.py` compiles them all."""

import triton
import triton.language as tl
import triton_tle.language as tle


@triton.jit
def takes_one(x):
    pass


@triton.jit
def takes_none():
    pass


@triton.jit
def returns(x):
    return x


@triton.jit
def divides_again(x):
    tle.gpu.warp_specialize([(takes_one, (x,)), (takes_one, (x,))], [4])


@triton.jit
def makes_a_pipe(x):
    tle.pipe(a=tle.gpu.alloc([2, 64, 64], tl.float16))


# tle.gpu.hold_in_registers


@triton.jit
def hold_of_a_scalar(x, n):
    tle.gpu.hold_in_registers(n)  # error: value is a run-time int32, but must be a block of a type of 8, 16 or 32


# tle.gpu.warp_specialize


@triton.jit
def capture_of_a_tensor(x, n):
    t = tl.arange(0, 64)
    tle.gpu.warp_specialize([(takes_none, ()), (takes_one, (t,))], [4])  # error: argument 'x' of 'takes_one' is a tenso


@triton.jit
def capture_of_a_tensor_in_a_tuple(x, n):
    t = tl.arange(0, 64)
    tle.gpu.warp_specialize([(takes_none, ()), (takes_one, ((n, t),))], [4])  # error: argument 'x\[1\]' of 'takes_one'


@triton.jit
def tensor_for_the_first_partition(x, n):
    t = tl.arange(0, 64)
    tle.gpu.warp_specialize([(takes_one, (t,)), (takes_none, ())], [4])  # error: argument 'x' of 'takes_one' is a tenso


@triton.jit
def arguments_do_not_fit(x, n):
    tle.gpu.warp_specialize([(takes_none, ()), (takes_one, (x, n))], [4])  # error: 'takes_one' does not take the 2 argu


@triton.jit
def arguments_no_tuple(x, n):
    tle.gpu.warp_specialize([(takes_none, ()), (takes_one, x)], [4])  # error: the arguments of 'takes_one' are a run-ti


@triton.jit
def no_function(x, n):
    tle.gpu.warp_specialize([(takes_none, ()), (n, (x,))], [4])  # error: functions_and_args\[1\]\[0\] is a run-time int


@triton.jit
def no_pair(x, n):
    tle.gpu.warp_specialize([takes_none, takes_none], [4])  # error: functions_and_args\[0\] must be a pair \(function,


@triton.jit
def no_partition(x, n):
    tle.gpu.warp_specialize([], [])  # error: functions_and_args is .*, but must be a list


@triton.jit
def wrong_number_of_warp_counts(x, n):
    tle.gpu.warp_specialize([(takes_none, ()), (takes_none, ())], [4, 4])  # error: worker_num_warps is \[4, 4\], but th


@triton.jit
def warps_no_power_of_two(x, n):
    tle.gpu.warp_specialize([(takes_none, ()), (takes_none, ())], [3])  # error: worker_num_warps\[0\] is 3, but must be


@triton.jit
def too_many_warps(x, n):
    tle.gpu.warp_specialize([(takes_none, ()), (takes_none, ())], [32])  # error: worker_num_warps is \[32\], 36 warps w


@triton.jit
def registers_no_multiple(x, n):
    tle.gpu.warp_specialize([(takes_none, ()), (takes_none, ())], [4], [30])  # error: worker_num_regs\[0\] is 30, but m


@triton.jit
def partition_returns(x, n):
    tle.gpu.warp_specialize([(takes_none, ()), (returns, (n,))], [4])  # error: 'returns' returns .*, but a partition re


@triton.jit
def one_partition(x, n):
    tle.gpu.warp_specialize([(takes_one, (x,))], [])  # error: functions_and_args has one partition, but needs two


@triton.jit
def registers_beyond_the_file(x, n):
    tle.gpu.warp_specialize(  # error: of 128 registers .* of 16 warps that leaves 0
        [(takes_none, ()), (takes_none, ()), (takes_none, ()), (takes_none, ())], [4, 4, 4], [240, 240, 240]
    )


@triton.jit
def registers_of_a_warp_group(x, n):
    tle.gpu.warp_specialize(  # error: of 168 registers .* of 12 warps that leaves 16
        [(takes_none, ()), (takes_none, ()), (takes_none, ()), (takes_none, ())], [1, 4, 1], [248, 240, 24]
    )


@triton.jit
def pipe_in_a_partition(x, n):
    tle.gpu.warp_specialize([(takes_none, ()), (makes_a_pipe, (x,))], [4])  # error: tle.pipe: called inside of a part


# tle.pipe


@triton.jit
def pipe_without_fields(x, n):
    tle.pipe(readers="r")  # error: tle.pipe: there are no fields


@triton.jit
def pipe_of_no_buffer(x, n):
    tle.pipe(a=n)  # error: tle.pipe: a is a run-time int32, but must be a buffer


@triton.jit
def pipe_field_without_slots(x, n):
    tle.pipe(a=tle.gpu.alloc([64, 64], tl.float16))  # error: field 'a' is the buffer fp16\[64, 64\], which has 0 slot d


@triton.jit
def pipe_with_different_slots(x, n):
    a = tle.gpu.alloc([2, 64, 64], tl.float16)
    tle.pipe(a=a, b=tle.gpu.alloc([3, 64, 64], tl.float16))  # error: the fields have different numbers of slots: 'a' 2,


@triton.jit
def pipe_reader_twice(x, n):
    a = tle.gpu.alloc([2, 64, 64], tl.float16)
    tle.pipe(a=a, readers=("r", "r"))  # error: readers is \['r', 'r'\], but must name each reader once


@triton.jit
def pipe_reader_no_name(x, n):
    a = tle.gpu.alloc([2, 64, 64], tl.float16)
    tle.pipe(a=a, readers=("r", "a b"))  # error: readers\[1\] is 'a b', but must be a name


@triton.jit
def pipe_field_reserved(x, n):
    tle.pipe(fields=tle.gpu.alloc([2, 64, 64], tl.float16))  # error: a field cannot be called 'fields'


@triton.jit
def reader_unknown(x, n):
    p = tle.pipe(a=tle.gpu.alloc([2, 64, 64], tl.float16))
    p.reader("mma")  # error: name is 'mma', but the pipe's readers are \['reader'\]


@triton.jit
def reader_not_named(x, n):
    p = tle.pipe(a=tle.gpu.alloc([2, 64, 64], tl.float16), readers=("k", "v"))
    p.reader()  # error: name is None, but the pipe's readers are \['k', 'v'\]


@triton.jit
def reader_field_unknown(x, n):
    p = tle.pipe(a=tle.gpu.alloc([2, 64, 64], tl.float16))
    p.reader(fields=("b",))  # error: fields has 'b', but the pipe's fields are \['a'\]


@triton.jit
def step_outside_of_a_partition(x, n):
    p = tle.pipe(a=tle.gpu.alloc([2, 64, 64], tl.float16))
    p.writer().acquire(0)  # error: acquire of the writer of pipe 'pipe': called outside of a partition


@triton.jit
def close_outside_of_a_partition(x, n):
    p = tle.pipe(a=tle.gpu.alloc([2, 64, 64], tl.float16), one_shot=True)
    p.writer().close(n)  # error: close of the writer of pipe 'pipe': called outside of a partition


# tle.gpu.named_barrier


@triton.jit
def barrier_without_a_name(x, n):
    tle.gpu.named_barrier("two words")  # error: name is 'two words', but must be a name such as 'rows'


@triton.jit
def barrier_of_one(x, n):
    tle.gpu.named_barrier("rows", 1)  # error: partitions is 1, but at least 2 meet at a barrier


@triton.jit
def barrier_outside_of_a_partition(x, n):
    tle.gpu.named_barrier("rows").wait()  # error: wait of the named barrier 'rows': called outside of a partition


@triton.jit
def barrier_of_fewer_partitions(x, n):
    meet = tle.gpu.named_barrier("rows", 3)
    tle.gpu.warp_specialize([(takes_one, (meet,)), (takes_one, (meet,))], [4])  # error: is for 3 partitions, but 2 have


@triton.jit
def barriers_beyond_the_hardware(x, n):
    many = (
        tle.gpu.named_barrier("a"), tle.gpu.named_barrier("b"), tle.gpu.named_barrier("c"), tle.gpu.named_barrier("d"),
        tle.gpu.named_barrier("e"), tle.gpu.named_barrier("f"), tle.gpu.named_barrier("g"), tle.gpu.named_barrier("h"),
        tle.gpu.named_barrier("i"), tle.gpu.named_barrier("j"), tle.gpu.named_barrier("k"), tle.gpu.named_barrier("l"),
        tle.gpu.named_barrier("m"), tle.gpu.named_barrier("n"),
    )  # fmt: skip
    tle.gpu.warp_specialize([(takes_one, (many,)), (takes_one, (many,))], [4])  # error: the hardware has 13 left
