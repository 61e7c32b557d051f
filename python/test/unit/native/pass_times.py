"""Times of native passes, judged so that neither the machine nor other work on it decides.

A thread's own CPU time still depends on both: a core's neighbours take turns in its caches and at its clock, and a
virtual machine may stand still for a while, which short runs escape and long ones do not. So what is compared takes
about as long on both sides, the halves of one run close in time, and a verdict of guilty needs all of many runs, with
pauses between them.
"""

import statistics
import time

from triton_tle import _native
from triton_tle.compiler import bridge

ATTEMPTS = 12  # before anything is found wrong

LIMIT = 1.0  # seconds for all passes of a module of 5000 operations
READING = 0.03  # seconds that it takes to read and print one, where the limit was set

GROWTH = 10.0  # of the time on a module four times as large; 4 is linear, 16 quadratic
LINEAR = 7.5  # up to this there is no doubt, and no further attempt
COUNTS = 1e-2  # seconds on the larger module; less cannot be told from nothing


def pause(attempt):
    """Lets other work pass, for longer from attempt to attempt: 3 s in all."""
    time.sleep(0.05 * attempt)


def seconds(text, pipeline):
    """CPU time of a native run, with reading and printing."""
    start = time.thread_time()
    bridge.run_native(text, pipeline)
    return time.thread_time() - start


def least_and_limit(text, pipeline, clock=seconds, wait=pause):
    """The least time of some runs, and how long they may take; no more runs once the time is below the limit.

    The limit is `LIMIT`. On a machine, or in a minute, in which reading and printing the module takes longer than
    `READING`, it is as much longer.
    """
    least = reading = float("inf")
    for attempt in range(ATTEMPTS):
        wait(attempt)
        least = min(least, clock(text, pipeline))
        if least < LIMIT:
            return least, LIMIT
        reading = min(reading, clock(text, ""))
        limit = LIMIT * max(1.0, reading / READING)
        if least < limit:
            break
    return least, limit


class Growth:
    """Of one pass: seconds on a large module and on one a fourth as large, a list of runs for each attempt.

    There are four runs on the small module for each on the large one, which lies between them: both sides are as long
    if the pass is linear, so what slows the machine down hits them alike.
    """

    def __init__(self):
        self.small, self.large = [], []

    def add(self, small, large):
        self.small.append(small)
        self.large.append(large)

    def least(self):
        """The least time on either module."""
        return [min(min(runs) for runs in side) for side in (self.small, self.large)]

    def estimates(self):
        """How much it grows: by the least of all times, and by the median of all attempts."""
        floor = COUNTS / GROWTH
        small, large = self.least()
        means = (
            statistics.mean(large) / max(statistics.mean(small), floor)
            for small, large in zip(self.small, self.large, strict=True)
        )
        return large / max(small, floor), statistics.median(means)

    def is_linear(self):
        return max(self.estimates()) <= LINEAR or self.least()[1] <= COUNTS

    def is_superlinear(self):
        return min(self.estimates()) > GROWTH

    def __repr__(self):
        small, large = self.least()
        return f"{small * 1e3:.1f} ms, {large * 1e3:.1f} ms on a module four times as large"


def superlinear(small, large, pipeline, measure=_native.time_passes, wait=pause):
    """Passes of `pipeline` whose time grows more than `GROWTH` from `small` to `large`, four times as large.

    Args:
        measure: callable(text, pipeline) -> (flag, seconds) of each pass, in order.
        wait: called with the number of each attempt before it.

    Returns:
        {"<place> <flag>": `Growth`}: a pipeline may hold a pass several times.
    """
    first = measure(large, pipeline)
    growths = {place: Growth() for place, (_, spent) in enumerate(first) if spent > COUNTS}
    for attempt in range(ATTEMPTS):
        if not growths:
            break
        wait(attempt)
        # The large one in the middle: a machine that becomes slower all the time does not change their ratio. Where
        # two attempts leave a doubt, longer ones follow.
        order = [small, small, large, small, small] * (1 if attempt < 2 else 4)
        runs = [measure(text, pipeline) for text in order]
        for place, growth in growths.items():
            times = [run[place][1] for run in runs]
            growth.add([spent for number, spent in enumerate(times) if number % 5 != 2], times[2::5])
        growths = {place: growth for place, growth in growths.items() if not growth.is_linear()}
    return {f"{place} {first[place][0]}": growth for place, growth in growths.items() if growth.is_superlinear()}


def shares(text, pipeline, runs=3):
    """(seconds, flag) of each pass, the least of `runs` runs, the longest first."""
    timed = [_native.time_passes(text, pipeline) for _ in range(runs)]
    return sorted(((min(spent for _, spent in same), same[0][0]) for same in zip(*timed, strict=True)), reverse=True)
