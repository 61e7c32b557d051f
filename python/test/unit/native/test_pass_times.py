"""Superlinear passes are found, and linear ones are not, however badly a machine behaves while they are timed."""

import math
import random

import pass_times
import pytest
from test_scale_shapes import module
from triton_tle import _native

FLAG = "triton-tle-downgrade-invalid-async-copy"


class Machine:
    """Stands for time: a pass takes `base` seconds on a small module and `grows` times as much on the large one."""

    def __init__(self, base, grows, seed=0):
        self.takes = {"small": base, "large": base * grows}
        self.random = random.Random(seed)
        self.now, self.runs = 0.0, 0

    def wait(self, attempt):
        self.now += 0.05 * attempt

    def slowed(self, spent):
        """How long `spent` seconds of work seem to take."""
        return spent

    def measure(self, text, pipeline):
        spent = self.slowed(self.takes[text])
        self.now += spent
        self.runs += 1
        return [(pipeline, spent)]

    def verdict(self):
        return list(pass_times.superlinear("small", "large", "planted", self.measure, self.wait))


class Scattering(Machine):
    """Neighbours take the cache and the clock of a core: each run takes up to two and a half times as long."""

    def slowed(self, spent):
        return spent * self.random.uniform(1.0, 2.5)


class StandingStill(Machine):
    """It works for 20 ms of each 40: short runs often escape that, long ones never do."""

    def slowed(self, spent):
        begun = self.random.uniform(0.0, 0.02)  # while it works
        return spent + 0.02 * math.floor((begun + spent) / 0.02)


class Bursting(Machine):
    """It is four times as slow from a random moment on."""

    def slowed(self, spent):
        self.burst = getattr(self, "burst", self.random.uniform(0.0, 1.0))
        return spent * (4.0 if self.now > self.burst else 1.0)


MACHINES = [Machine, Scattering, StandingStill, Bursting]


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("base", [1e-3, 2e-3, 4e-3, 9e-3, 4e-2])
@pytest.mark.parametrize("grows, expected", [(4, []), (5, []), (16, ["0 planted"])])
def test_no_machine_decides(machine, base, grows, expected):
    for seed in range(40):
        assert machine(base, grows, seed).verdict() == expected, seed


ALL_RUNS = 1 + 5 * (2 + 4 * (pass_times.ATTEMPTS - 2))


@pytest.mark.parametrize("base, grows, expected, runs", [
    (2e-3, 10.5, True, ALL_RUNS), (2e-3, 9.5, False, ALL_RUNS), (2e-3, 7.4, False, 1 + 5),
    (1e-4, 99, False, 1), (1e-4, 101, True, ALL_RUNS),
])  # fmt: skip
def test_what_counts_as_superlinear(base, grows, expected, runs):
    machine = Machine(base, grows)
    assert (bool(machine.verdict()), machine.runs) == (expected, runs)


def seconds_of_flag(count):
    [(_, seconds)] = _native.time_passes(module("copies", count), FLAG)
    return seconds


def test_a_pass_that_takes_sixteen_times_as_long_is_found():
    """A real pass; its large module is sixteen times as large, as if it were quadratic."""
    count = 40
    while min(seconds_of_flag(count) for _ in range(3)) < 2 * pass_times.COUNTS / pass_times.GROWTH:
        count *= 2  # a fast machine
    [(name, growth)] = pass_times.superlinear(module("copies", count), module("copies", 16 * count), FLAG).items()
    assert name == f"0 {FLAG}" and len(growth.large) == pass_times.ATTEMPTS


@pytest.mark.parametrize("times, expected", [
    ([0.9], (0.9, 1.0)),  # in time at once
    ([1.9, 0.03, 0.8], (0.8, 1.0)),  # a slow run first
    ([1.9, 0.06], (1.9, 2.0)),  # a machine half as fast
    ([1.9, 0.06 / 2] * pass_times.ATTEMPTS, (1.9, 1.0)),  # the passes are slow, the machine is not
    ([1.9, 0.06 / 2] + [1.9, 0.06] * (pass_times.ATTEMPTS - 1), (1.9, 1.0)),  # the least time of reading counts
])  # fmt: skip
def test_limit(times, expected):
    left = iter(times)
    assert pass_times.least_and_limit("", "", lambda text, pipeline: next(left), lambda attempt: None) == expected
    assert next(left, None) is None
