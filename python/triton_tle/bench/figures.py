"""What the benchmarks record of a timing, and the table that shows a case, fastest provider first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from .harness import Timing, format_table

#: Columns of a table: header and how a cell is made of an entry, as a format string of its keys or as a function.
Columns = Mapping[str, "str | Callable[[dict], str]"]

TFLOPS: Columns = {"ms": "{ms:.3f}", "TFLOP/s": "{tflops:.0f}"}
SPREAD: Columns = {"spread": "{spread:.1%}"}
#: Share of the TFLOP/s that a large product reached in the same run (`graphs.product_tflops`).
OF_PRODUCTS: Columns = {"of products": "{product_share:.0%}"}


def in_turns(peer: str) -> Columns:
    """The column of `harness.compare_in_turns`: how many times faster than `peer`, and the 95 % interval."""

    def cell(entry: dict) -> str:
        low, high = entry["turn_interval"]
        return f"{entry['turn_ratio']:.3f} ({low:.3f} to {high:.3f})"

    return {f"in turns x {peer}": cell}


def record(
    result: dict,
    timings: Mapping[str, Timing],
    work: float,
    unit: str = "tflops",
    baselines: Iterable[str] = (),
    more: Callable[[str], dict] = lambda name: {},
    products: float | None = None,
) -> None:
    """Put the figures of each provider into a case's `result`: ms, work in 10^12 a second as `unit`, spread, rounds.

    `work` is in operations ("tflops") or bytes ("tb_s"). With `baselines` comes how many times faster than each of
    those that were timed. `more` says what else is recorded of a provider. `products`: TFLOP/s that the product_share
    is of.
    """
    for name, timing in timings.items():
        entry = {"ms": timing.median, unit: work / timing.median / 1e9, "spread": timing.spread, **more(name)}
        entry["rounds_ms"] = timing.milliseconds
        if products:
            entry["product_share"] = entry[unit] / products
        if baselines:
            entry["ratio"] = {base: timing.ratio_to(timings[base]) for base in baselines if base in timings}
        result["providers"][name] = entry


def case_table(result: dict, columns: Columns, baselines: Iterable[str] = (), label: str | None = None) -> str:
    """The table of one case, fastest first: its label (`label` if given), `columns`, and the ratios to `baselines`.

    Format strings may use an entry's keys, and "us" for microseconds; a cell whose keys are not there is "-".
    """
    columns = {**columns, **{f"x {base}": f"{{ratio[{base}]:.3f}}" for base in baselines}}
    rows = []
    for name, entry in sorted(result["providers"].items(), key=lambda item: item[1]["ms"]):
        rows.append([name, *(_cell(how, entry) for how in columns.values())])
    return format_table([label or result["label"], *columns], rows)


def _cell(how: str | Callable[[dict], str], entry: dict) -> str:
    try:
        return how.format(us=1e3 * entry["ms"], **entry) if isinstance(how, str) else how(entry)
    except KeyError:
        return "-"
