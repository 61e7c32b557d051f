"""Timing in short turns, on a GPU whose clock is a number."""

import itertools
from types import SimpleNamespace

import torch
from triton_tle.bench import harness


class Clock:
    """A GPU's clock: what runs moves it, and events read it; only once the host waits may their times be asked for."""

    def __init__(self, monkeypatch):
        self.now, self.waited, self.waits = 0.0, False, 0
        monkeypatch.setattr(torch.cuda, "Event", lambda enable_timing: SimpleNamespace(**self.event()))
        monkeypatch.setattr(torch.cuda, "synchronize", self.wait)

    def wait(self):
        self.waited, self.waits = True, self.waits + 1

    def event(self):
        at = []

        def record():
            self.waited = False
            at.append(self.now)

        def elapsed_time(stop):
            assert self.waited
            return stop.at[0] - at[0]

        return {"record": record, "elapsed_time": elapsed_time, "at": at, "synchronize": self.wait}

    def run(self, name, milliseconds, log):
        def go():
            self.now += milliseconds
            log.append(name)

        return go


def test_turns(monkeypatch):
    clock, log = Clock(monkeypatch), []
    runs = {"fast": clock.run("fast", 1.0, log), "slow": clock.run("slow", 9.0, log)}
    clock.wait()
    timings = harness.time_in_turns(runs, 7)
    assert {name: timing.milliseconds for name, timing in timings.items()} == {"fast": [1.0] * 7, "slow": [9.0] * 7}
    # behind four calls of each that say how long they take: turns of four and of one
    assert {len(list(group)) % 4 for name, group in itertools.groupby(log[8:]) if name == "fast"} == {0}

    orders, waits = set(), clock.waits
    del log[:]
    counts = []

    def more(timings):
        counts.append([len(timing.milliseconds) for timing in timings.values()])
        return True

    timings = harness.time_in_turns(runs, 7, turn_ms=1.0, more=more, most=21)
    assert counts == [[7, 7], [12, 12], [17, 17]] and len(timings["slow"].milliseconds) == 21
    # two calls to see how long they take, then rounds of both, five or what is left at a time behind an untimed turn
    measured = log[-(21 * 2 + 5) :]
    assert clock.waits - waits == 2 * 2 + 5
    for begin, rounds in ((0, 5), (11, 2), (16, 5), (27, 5), (38, 4)):
        untimed, *rest = measured[begin : begin + 1 + 2 * rounds]
        assert all(set(pair) == {"fast", "slow"} for pair in zip(rest[::2], rest[1::2], strict=True))
        assert untimed == rest[1]
        orders |= set(rest[::2])
    assert orders == {"fast", "slow"}


def test_nothing_to_time(monkeypatch):
    """No contender was right, say."""
    Clock(monkeypatch)
    assert harness.time_in_turns({}, 7, more=lambda timings: False) == harness.time_in_rounds({}, 7) == {}


def test_comparison_in_turns(monkeypatch):
    clock, log = Clock(monkeypatch), []
    runs = {"tle": clock.run("tle", 2.0, log), "peer": clock.run("peer", 3.0, log)}
    found = harness.compare_in_turns(runs, "peer", rounds=8)
    assert found["tle"] == {"turn_ms": 2.0, "turn_ratio": 1.5, "turn_interval": (1.5, 1.5)}
    assert found["peer"]["turn_ratio"] == 1.0
    assert harness.compare_in_turns(runs, "another") == {}


def test_host_time_is_that_of_issuing(monkeypatch):
    clock = Clock(monkeypatch)
    moments = iter([10.0, 10.5])
    monkeypatch.setattr(harness.time, "perf_counter", lambda: next(moments))
    assert harness.host_ms(lambda: None, calls=4) == 125.0 and clock.waits == 2
