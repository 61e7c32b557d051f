"""Partitions and pipes in Triton's interpreter: results, and mistakes that would hang or race on a GPU.
`test_interpreter.py` runs this file with TRITON_INTERPRET=1."""

import re

import pytest
import torch
import triton
import triton.language as tl
import triton_tle.language as tle
from triton.runtime.errors import InterpreterError
from triton.tools.tensor_descriptor import TensorDescriptor


@triton.jit
def fill(w, x, n, HOW: tl.constexpr):
    if HOW == "commit first":
        w.commit(0)
    for i in range(n):
        number = i
        if HOW == "skips a tile":
            number = i + i
        slot = w.acquire(number)
        if HOW == "copies":
            tle.gpu.async_copy(x + i * 64 + tl.arange(0, 64), slot.a)
        else:
            slot.a.store(tl.load(x + i * 64 + tl.arange(0, 64)))
        if HOW == "acquires twice":
            w.acquire(number + 1)
        if HOW == "waits":
            w.wait(number)
        w.commit(number)
        if HOW == "writes late":
            slot.a.store(0.0)
        if HOW == "closes each time":
            w.close(i + 1)
        if HOW == "assigns":
            slot.a = tl.load(x)
    if HOW == "closes":
        w.close(n)
    if HOW == "closes twice":
        w.close(n)
        w.close(n)
    if HOW == "closes early":
        w.close(n - 1)


@triton.jit
def total(r, y, n, HOW: tl.constexpr):
    acc = tl.zeros([64], tl.float32)
    for i in range(n):
        if HOW == "release first":
            r.release(i)
        slot = r.wait(i)
        if HOW == "reads late":
            r.release(i)
            acc += slot.a.load()
        else:
            acc += slot.a.load()
            if HOW != "keeps" and (HOW != "keeps last" or i < n - 1):
                r.release(i)
        if HOW == "releases twice":
            r.release(i)
    tl.store(y + tl.arange(0, 64), acc)


@triton.jit
def kernel(x, y, n_written, n_read, SLOTS: tl.constexpr, ONE_SHOT: tl.constexpr, WRITES: tl.constexpr,
           READS: tl.constexpr):  # fmt: skip
    pipe = tle.pipe(a=tle.gpu.alloc([SLOTS, 64], tl.float32, layout=tle.gpu.swizzled_shared_layout(order=(0,))),
                    name="rows", readers="sum", one_shot=ONE_SHOT)  # fmt: skip
    tle.gpu.warp_specialize(
        [(total, (pipe.reader("sum"), y, n_read, READS)), (fill, (pipe.writer(), x, n_written, WRITES))], [4]
    )


def run(n=5, n_read=None, slots=2, one_shot=False, writes="stores", reads="sums"):
    x, y = torch.randn(max(n, 1), 64), torch.zeros(64)
    kernel[(1,)](x, y, n, n if n_read is None else n_read, slots, one_shot, writes, reads)
    return y, x[:n].sum(0)


@pytest.mark.parametrize("slots", [1, 2, 3])
@pytest.mark.parametrize("writes", ["stores", "copies", "closes"])
def test_all_tiles_arrive(slots, writes):
    for n in (0, 1, 2, 7):
        torch.testing.assert_close(*run(n, slots=slots, writes=writes))


def test_one_shot_pipe_needs_no_release():
    torch.testing.assert_close(*run(3, slots=3, one_shot=True, reads="keeps"))


@triton.jit
def points_late(r, y, n):
    acc = tl.zeros([64], tl.float32)
    for i in range(n):
        pointers = tle.gpu.local_ptr(r.wait(i).a)
        r.release(i)
        acc += tl.load(pointers)
    tl.store(y + tl.arange(0, 64), acc)


@triton.jit
def points_late_kernel(x, y):
    rows = tle.pipe(a=tle.gpu.alloc([2, 64], tl.float32, layout=tle.gpu.swizzled_shared_layout(order=(0,))))
    reader, writer = rows.reader(), rows.writer()
    tle.gpu.warp_specialize([(points_late, (reader, y, 3)), (fill, (writer, x, 3, ""))], [4])


def test_reading_after_the_release_gives_nan():
    x, y = torch.randn(3, 64), torch.zeros(64)
    points_late_kernel[(1,)](x, y)
    assert torch.isnan(y).all()


@triton.jit
def fill_twice(w, back, x, n, LATE: tl.constexpr):
    """Fills tile i when `back` says that tile i - 1 has been read, or one later than is safe."""
    for i in range(n):
        if i > LATE:
            back.wait(i - 1 - LATE)
            back.release(i - 1 - LATE)
        slot = w.acquire(i)
        slot.a.store(tl.load(x + i * 64 + tl.arange(0, 64)))
        w.commit(i)


@triton.jit
def sum_and_tell(r, back, y, n):
    acc = tl.zeros([64], tl.float32)
    for i in range(n):
        acc += r.wait(i).a.load()
        back.acquire(i).a.store(acc)
        back.commit(i)
    tl.store(y + tl.arange(0, 64), acc)


@triton.jit
def implied_kernel(x, y, n, LATE: tl.constexpr):
    vector: tl.constexpr = tle.gpu.swizzled_shared_layout(order=(0,))
    rows = tle.pipe(a=tle.gpu.alloc([1, 64], tl.float32, layout=vector), name="rows")
    back = tle.pipe(a=tle.gpu.alloc([4, 64], tl.float32, layout=vector), name="back")
    reader, writer = rows.reader(releases=False), rows.writer()
    tle.gpu.warp_specialize(
        [(sum_and_tell, (reader, back.writer(), y, n)), (fill_twice, (writer, back.reader(), x, n, LATE))], [4]
    )


def test_a_reader_need_not_release():
    x, y = torch.randn(5, 64), torch.zeros(64)
    implied_kernel[(1,)](x, y, 5, 0)
    torch.testing.assert_close(y, x.sum(0))


def test_a_reader_that_does_not_release_is_waited_for_otherwise():
    x, y = torch.randn(5, 64), torch.zeros(64)
    with pytest.raises(InterpreterError) as raised:
        implied_kernel[(1,)](x, y, 5, 1)
    expected = "pipe 'rows': acquire of tile 1, but reader 'reader', which does not release, has not read tile 0 yet"
    assert expected in str(raised.value.__cause__ or raised.value)


@triton.jit
def release_anyway(r, y, n):
    r.wait(0)
    r.release(0)


@triton.jit
def release_anyway_kernel(x, y):
    rows = tle.pipe(a=tle.gpu.alloc([1, 64], tl.float32, layout=tle.gpu.swizzled_shared_layout(order=(0,))))
    tle.gpu.warp_specialize(
        [(release_anyway, (rows.reader(releases=False), y, 1)), (fill, (rows.writer(), x, 1, ""))], [4]
    )


def test_a_reader_that_does_not_release_cannot():
    with pytest.raises(InterpreterError) as raised:
        release_anyway_kernel[(1,)](torch.zeros(64), torch.zeros(64))
    assert "made with releases=False, so others release its tiles" in str(raised.value.__cause__ or raised.value)


@triton.jit
def halves(here, there, meet, x, y, n, ROW: tl.constexpr, MORE: tl.constexpr):
    """Adds what the other partition has put down before they met."""
    offsets = tl.arange(0, 64)
    acc = tl.zeros([64], tl.float32)
    for i in range(n + MORE):
        here.store(tl.load(x + (i * 2 + ROW) * 64 + offsets))
        meet[0].wait()
        acc += there.load()
        meet[0].wait()
    tl.store(y + ROW * 64 + offsets, acc)


@triton.jit
def meeting_kernel(x, y, n, MORE: tl.constexpr):
    vector: tl.constexpr = tle.gpu.swizzled_shared_layout(order=(0,))
    a = tle.gpu.alloc([64], tl.float32, layout=vector)
    b = tle.gpu.alloc([64], tl.float32, layout=vector)
    meet = tle.gpu.named_barrier("rows")
    tle.gpu.warp_specialize(
        [(halves, (a, b, (meet,), x, y, n, 0, 0)), (halves, (b, a, (meet,), x, y, n, 1, MORE))], [4]
    )


def test_partitions_meet_at_named_barriers():
    x, y = torch.randn(8, 2, 64), torch.zeros(2, 64)
    meeting_kernel[(1,)](x, y, 8, 0)
    torch.testing.assert_close(y, x.sum(0).flip(0))


def test_who_waits_at_a_named_barrier_for_ever_is_named():
    with pytest.raises(InterpreterError) as raised:
        meeting_kernel[(1,)](torch.zeros(9, 2, 64), torch.zeros(2, 64), 3, 1)
    expected = (
        r"deadlock: partition 1 'halves' waits at named barrier 'rows' for 2 partitions to meet for the 7th time, "
        r"at .*partitions\.py:\d+"
    )
    assert re.search(expected, str(raised.value.__cause__ or raised.value))


@triton.jit
def fill_blocks(w, blocks, n, peek, EARLY: tl.constexpr):
    for i in range(n):
        slot = w.acquire(i)
        tle.gpu.copy(blocks, slot.a, offsets=[i * 8, 0])
        if EARLY:
            tl.store(peek + tl.arange(0, 8)[:, None] * 16 + tl.arange(0, 16)[None, :], slot.a.load())
        w.commit(i)


@triton.jit
def sum_blocks(r, y, n):
    acc = tl.zeros([8, 16], tl.float32)
    for i in range(n):
        acc += r.wait(i).a.load()
        r.release(i)
    tl.store(y + tl.arange(0, 8)[:, None] * 16 + tl.arange(0, 16)[None, :], acc)


@triton.jit
def block_kernel(blocks, y, peek, n, EARLY: tl.constexpr):
    pipe = tle.pipe(a=tle.gpu.alloc([2, 8, 16], tl.float32))
    reader, writer = pipe.reader(), pipe.writer()
    tle.gpu.warp_specialize([(sum_blocks, (reader, y, n)), (fill_blocks, (writer, blocks, n, peek, EARLY))], [4])


@pytest.mark.parametrize("early", [False, True])
def test_blocks_arrive_with_the_commit(early):
    x, y, peek = torch.randn(40, 16), torch.zeros(8, 16), torch.zeros(8, 16)
    block_kernel[(1,)](TensorDescriptor.from_tensor(x, [8, 16]), y, peek, 5, early)
    torch.testing.assert_close(y, x.view(5, 8, 16).sum(0))
    assert bool(torch.isnan(peek).all()) == early


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        (
            {"n": 2, "n_read": 3},
            r"deadlock: partition 0 'total' waits for tile 2 of pipe 'rows', 2 committed, at .*partitions\.py:\d+",
        ),
        (
            {"n": 8, "n_read": 5},
            r"deadlock: partition 1 'fill' waits for pipe 'rows' to be free for tile 7, 5 released by 'sum'",
        ),
        (
            {"reads": "keeps"},
            r"deadlock: partition 0 'total' waits for tile 2 .*; partition 1 'fill' waits .* for tile 2, 0 released",
        ),
        ({"n": 2, "n_read": 3, "writes": "closes"}, r"wait of tile 2, but the pipe was closed after 2 tiles"),
        (
            {"n": 1, "writes": "closes", "reads": "keeps"},
            r"deadlock: partition 1 'fill' waits for the last tiles of pipe 'rows' to be released, 0 released by 'sum'",
        ),
        (
            {"n": 2, "slots": 3, "writes": "closes", "reads": "keeps last"},
            r"deadlock: partition 1 'fill' waits for the last tiles of pipe 'rows' to be released, 1 released by 'sum'",
        ),
        ({"writes": "commit first"}, r"commit of tile 0, but none has been acquired"),
        ({"writes": "skips a tile"}, r"acquire of tile 2, but tile 1 is next; at .*partitions\.py:\d+"),
        ({"writes": "acquires twice"}, r"acquire of tile 1, but tile 0 has been acquired and not committed"),
        (
            {"writes": "writes late"},
            r"pipe 'rows' is written to by partition 1 'fill', but it has committed tile 0; at .*py:\d+",
        ),
        ({"writes": "closes twice"}, r"close of tile 5, but the pipe is closed already; at .*partitions\.py:\d+"),
        ({"writes": "closes each time", "n_read": 1}, r"acquire of tile 1, but the pipe is closed"),
        ({"writes": "assigns"}, r"the slot's 'a' cannot be assigned to: fields are buffers"),
        ({"writes": "waits"}, r"the writer of pipe 'rows' has no 'wait'; its steps are acquire, commit, close"),
        (
            {"reads": "reads late"},
            r"pipe 'rows' is read by partition 0 'total', but reader 'sum' has released tile 0; at .*py:\d+",
        ),
        ({"writes": "closes early"}, r"close of tile 4, but 5 tiles have been committed, 5 acquired"),
        ({"reads": "release first"}, r"release of tile 0, but reader 'sum' has not waited for it"),
        ({"reads": "releases twice"}, r"release of tile 0, but reader 'sum' has released it before"),
        ({"n": 3, "one_shot": True}, r"acquire of .*: index is 2, but the pipe is one-shot and has 2 slots"),
    ],
)
def test_mistakes_are_named(case, expected):
    with pytest.raises(InterpreterError) as raised:
        run(**case)
    assert re.search(expected, str(raised.value).replace("\\'", "'")), raised.value


@triton.jit
def outside(WHAT: tl.constexpr, ONE_SHOT: tl.constexpr):
    pipe = tle.pipe(a=tle.gpu.alloc([2, 64, 64], tl.float32), name="rows", one_shot=ONE_SHOT)
    if WHAT == "close":
        pipe.writer().close(0)
    else:
        pipe.reader().wait(0)


@pytest.mark.parametrize("one_shot", [False, True])
@pytest.mark.parametrize("what, expected", [("close", "close of the writer"), ("wait", "wait of the reader 'reader'")])
def test_steps_outside_of_partitions_are_named(what, expected, one_shot):
    with pytest.raises(InterpreterError) as raised:
        outside[(1,)](what, one_shot)
    assert f"{expected} of pipe 'rows': called outside of a partition" in str(raised.value).replace("\\'", "'")


@triton.jit
def spin(r):
    r.wait(0)


@triton.jit
def both_ends(w, r):
    w.acquire(0)
    w.commit(0)
    r.wait(0)


@triton.jit
def shares_an_end(x, WHAT: tl.constexpr):
    pipe = tle.pipe(a=tle.gpu.alloc([2, 64, 64], tl.float32), name="rows")
    if WHAT == "reader":
        tle.gpu.warp_specialize([(spin, (pipe.reader(),)), (spin, (pipe.reader(),))], [4])
    else:
        tle.gpu.warp_specialize([(both_ends, (pipe.writer(), pipe.reader())), (spin, (pipe.reader(),))], [4])


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ("reader", "reader 'reader' is used by partition 0 'spin' and by partition 1 'spin', but belongs to one"),
        ("both", "pipe 'rows' is written and read by partition 0 'both_ends'"),
    ],
)
def test_an_end_belongs_to_one_partition(what, expected):
    with pytest.raises(InterpreterError) as raised:
        shares_an_end[(1,)](torch.zeros(64), what)
    assert expected in str(raised.value).replace("\\'", "'")


@triton.jit
def peeks(field):
    field.index(0).load()


@triton.jit
def misplaced(x, y, WHAT: tl.constexpr):
    vector: tl.constexpr = tle.gpu.swizzled_shared_layout(order=(0,))
    rows = tle.gpu.alloc([2, 64], tl.float32, layout=vector)
    if WHAT == "same field":
        tle.pipe(a=rows, b=rows, name="rows")
    pipe = tle.pipe(a=rows, name="rows", readers="sum")
    if WHAT == "second pipe":
        tle.pipe(a=rows, name="more")
    reader, writer = pipe.reader(), pipe.writer()
    for _ in range(2):
        if WHAT == "stranger":
            partitions = [(total, (reader, y, 3, "")), (fill, (writer, x, 3, "")), (peeks, (rows,))]
            tle.gpu.warp_specialize(partitions, [4, 4])
        else:
            tle.gpu.warp_specialize([(total, (reader, y, 3, "")), (fill, (writer, x, 3, ""))], [4])


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ("same field", "field 'b' is the buffer of another field of pipe 'rows'"),
        ("second pipe", "field 'a' of pipe 'more' is a field of pipe 'rows' already"),
        ("second run", "serves one run of tle.gpu.warp_specialize, but its reader 'sum' is used by a second one"),
        ("stranger", "a field of pipe 'rows' is read by partition 2 'peeks', which has not waited for it"),
    ],
)
def test_a_pipe_has_its_place(what, expected):
    with pytest.raises(InterpreterError) as raised:
        misplaced[(1,)](torch.randn(3, 64), torch.zeros(64), what)
    assert expected in str(raised.value).replace("\\'", "'")


@triton.jit
def pipe_for_each_run(x, y, n):
    vector: tl.constexpr = tle.gpu.swizzled_shared_layout(order=(0,))
    rows = tle.gpu.alloc([2, 64], tl.float32, layout=vector)
    for i in range(n):
        pipe = tle.pipe(a=rows, name="rows", readers="sum")
        tle.gpu.warp_specialize(
            [(total, (pipe.reader(), y + i * 64, 3, "")), (fill, (pipe.writer(), x + i * 192, 3, ""))], [4]
        )


def test_each_run_has_a_pipe_of_its_own():
    x, y = torch.randn(4, 3, 64), torch.zeros(4, 64)
    pipe_for_each_run[(1,)](x, y, 4)
    torch.testing.assert_close(y, x.sum(1))


def test_after_an_error_the_next_program_runs():
    with pytest.raises(InterpreterError):
        run(2, n_read=3)
    torch.testing.assert_close(*run())


@triton.jit
def adds_scaled(y, n, scale, more):
    total = n
    if scale is not None:
        total *= scale
    if more[1] is not None:
        total += more[1]
    tl.store(y, total + more[0])


@triton.jit
def with_optional(y, n, SCALED: tl.constexpr, MORE: tl.constexpr):
    if SCALED:
        scale = n + 7
    else:
        scale = None
    if MORE:
        addend = n + 9
    else:
        addend = None
    tle.gpu.warp_specialize(
        [(adds_scaled, (y, n, scale, (n, addend))), (adds_scaled, (y + 1, n, scale, (1, addend)))], [4]
    )


@pytest.mark.parametrize("scaled, more", [(False, False), (False, True), (True, False), (True, True)])
def test_a_name_that_was_assigned_none_is_an_argument(scaled, more):
    y = torch.zeros(2, dtype=torch.int32)
    with_optional[(1,)](y, 5, scaled, more)
    total = 5 * (12 if scaled else 1) + (14 if more else 0)
    assert y.tolist() == [total + 5, total + 1]
