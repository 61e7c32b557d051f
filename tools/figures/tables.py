"""Tables of the pages that are written whole from docs/results, for tools/page_figures.py."""

from __future__ import annotations

from collections.abc import Callable

from .engine import Table, written


def _table(page: str, head: str, sources: tuple[str, ...], rows: Callable[[dict], list[str]]) -> Table:
    """A table with the header `head`; `rows` gives the line below it and the rows."""
    return Table(f"docs/{page}.md", head, sources, lambda tree: [head, *rows(tree)])


def _three(number: float) -> str:
    return written(number, "3s")


def _forward_rows(tree: dict) -> list[str]:
    lines = ["| --- |" + " ---: |" * 11]
    for size in tree["fwd"]["cases"]:
        case = tree["fwd"][size]
        cells = [size]
        for name in (
            "tle",
            "tle_tile",
            "triton",
            "tilelang_base",
            "tilelang_seesaw",
            "tilelang_pipelined",
            "flash_mla",
        ):
            cells.append(f"{case[name]['tflops']:.0f}" if name in case else "-")
        for name, peer in (
            ("tle", "flash_mla"),
            ("tle", "triton"),
            ("tle_tile", "triton"),
            ("tle_tile", "tilelang_base"),
        ):
            cells.append(f"{case[name]['times'][peer]:.2f}" if name in case and peer in case else "-")
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _few_heads_rows(tree: dict) -> list[str]:
    lines = ["| ---: | --- |" + " ---: |" * 5]
    for size, case in tree["few"]["cases"].items():
        if (case["d_qk"], case["s_kv"]) != (576, 32768):
            continue
        for name, shown in (
            ("tle", "two warp groups: what the operator runs"),
            ("tle_tile", "tile loop"),
            ("tle_partitions", "in partitions"),
            ("triton", "plain Triton"),
            ("flash_mla", "FlashMLA, padded to 64"),
        ):
            entry = tree["few"][size][name]
            cells = [str(case["h_q"]) if name == "tle" else "", shown, f"{entry['ms']:.2f}", f"{entry['tflops']:.0f}"]
            cells += [f"{entry['times']['flash_mla']:.3f}", "-", f"{entry['gathered']:.1f}"]
            if name.startswith("tle"):
                low, high = entry["turn_interval"]
                cells[5] = f"{entry['turn_ratio']:.3f} ({low:.3f} to {high:.3f})"
            lines.append(f"| {' | '.join(cells)} |")
    return lines


def _pass_rows(tree: dict) -> list[str]:
    lines = ["| --- | ---: | ---: | ---: | ---: |"]
    document = tree["passes"]["cases"]["main"]
    for name, entry in document["providers"].items():
        shown = f"`{name.removeprefix('without ')}`" if name != "all passes" else "nothing"
        cells = [shown, f"{entry['ms']:.2f}", f"{entry['slowdown']:.2f}"]
        cells += [str(entry["resources"][name]) for name in ("registers", "spilled_bytes")]
        lines.append(f"| {' | '.join(cells)} |")
    for name, why in document.get("does_not_fit", {}).items():
        lines.append(f"| `{name.removeprefix('without ')}` | {_fit(why)} | | | |")
    return lines


def _fit(why: str) -> str:
    """What the benchmark says of a kernel that is too large, as the page has it."""
    words = why.partition(": ")[2].split()
    needed, limit = (int(word) for word in words if word.isdigit())
    return f"needs {needed} bytes of shared memory, of {limit}"


def _size_rows(tree: dict) -> list[str]:
    lines = ["| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |"]
    keys = (8192, 32768, 49152, 65536, 98304, 131072)
    for provider, called in (("tle", "by hand"), ("tle_divided", "divided")):
        for figure, how in (("ratio", ""), ("turn_ratio", ", in turns")):
            for size in ("576, 128, 2048", "512, 64, 512", "512, 128, 1024"):
                cases = [tree["rows"].get(f"{size}, {s_kv}") for s_kv in keys]
                cells = [f"{case[provider][figure]:.3f}" if case else "" for case in cases]
                lines.append(f"| {called}{how} | {size} | " + " | ".join(cells) + " |")
    return sorted(lines, key=lambda line: "in turns" in line)


def _backward_rows(tree: dict) -> list[str]:
    lines = ["| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |"]
    called = {
        "tle": "TLE",
        "tle_loop": "TLE, [plain loop](#from-a-plain-loop)",
        "tilelang": "TileLang",
        "triton": "plain Triton",
        "tle_deterministic": "TLE, deterministic",
    }
    for heads in (128, 64):
        for name, shown in called.items():
            entry = tree["bwd"][f"h{heads}"][name]
            lines.append(
                f"| {heads if name == 'tle' else ''} | {shown} | {_three(entry['ms'])} | {entry['tflops']:.0f} "
                f"| {100 * entry['floor_share']:.0f} % | {entry['memory_ratio']:.3f} "
                f"| {entry['ratio']['tilelang']:.2f} | {entry['ratio']['triton']:.2f} |"
            )
    return [line.replace("|  |", "| |") for line in lines]


def _bucketed_rows(tree: dict) -> list[str]:
    lines = ["| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |"]
    for case, called in (
        ("packed 128", "packed, 128 heads"),
        ("packed 64", "packed, 64 heads, batch 2"),
        ("packed, scattered 128", "packed, keys scattered in their lists"),
        ("one sequence 128", "one sequence of 8192"),
        ("short sequences 128", "16 sequences of 512"),
    ):
        for way in ("forward", "backward"):
            figures = tree["bucketed"][f"{case} {way}"]
            rounds = figures["bucketed"]["rounds"]
            times = [
                f"{figures[name]['ms']:.2f}, {100 * figures[name]['spread']:.1f} %" if name in figures else "-"
                for name in ("full", "length", "bucketed")
            ]
            ratios = [f"{figures['bucketed']['ratio']['full']:.2f}", "-", "-"]
            if "length" in figures:
                low, high = figures["bucketed"]["interval"]["length"]
                ratios[1] = f"{figures['bucketed']['ratio']['length']:.3f} ({low:.3f} to {high:.3f})"
                ratios[2] = f"{figures['one_bucket']['ratio']['length']:.3f}"
            first = called if way == "forward" else ""
            lines.append(
                f"| {first} | {way}{f', {rounds} rounds' if rounds != 40 else ''} | "
                + " | ".join(times + ratios)
                + " |"
            )
    return lines


def _decode_rows(tree: dict) -> list[str]:
    sizes = ("1 x 1", "2 x 2", "32 x 1", "64 x 2", "128 x 2")
    figures = tree["decode"]
    fp8, bf16 = ([figures[f"{cache} {size}"] for size in sizes] for cache in ("fp8", "bf16"))
    rows = {
        "FP8": [_three(case["tle"]["us"]) for case in fp8],
        "FlashMLA": [_three(case["flash_mla"]["us"]) for case in fp8],
        "FP8 / FlashMLA": [f"{case['tle']['time_ratio']:.3f}" for case in fp8],
        "FP8, tile loop / FlashMLA": [f"{case['tiles']['time_ratio']:.3f}" for case in fp8],
        "bf16": [_three(case["tle"]["us"]) for case in bf16],
        "bf16, of bandwidth": [f"{100 * case['tle']['bandwidth_share']:.0f} %" for case in bf16],
    }
    lines = ["| --- |" + " ---: |" * len(sizes)]
    return lines + [f"| {name} | {' | '.join(cells)} |" for name, cells in rows.items()]


def _merge_rows(tree: dict) -> list[str]:
    lines = ["| --- | ---: | ---: | ---: | ---: |"]
    for name, case in tree["merge"]["cases"].items():
        entry = tree["merge"][name]["tle"]
        size = case["label"].rsplit(", ", 1)[1].replace("1024 MiB", "1 GiB")
        lines.append(
            f"| {case['splits']}, {case['tokens']}, {size} | {_three(entry['us'])} | {entry['tb_s']:.2f} "
            f"| {100 * entry['bandwidth_share']:.0f} % | {entry['speedup']:.2f} |"
        )
    return lines


def _gemm_rows(tree: dict) -> list[str]:
    """With a column for the interval, if the run has intervals."""
    figures = [(label, tree["gemm"][label]["tle"]) for label in tree["gemm"]["cases"]]
    intervals = all("interval" in entry for _, entry in figures)
    more = (" interval |", " --- |") if intervals else ("", "")
    lines = [
        "| m x n x k | TLE TFLOP/s | block, stages, warps | / best stock |"
        f"{more[0]} / stock TMA | / stock pointers | / cuBLAS |",
        f"| --- | ---: | --- | ---: |{more[1]} ---: | ---: | ---: |",
    ]
    for label, entry in figures:
        config = entry["config"]
        block = f"{config['BLOCK_M']}x{config['BLOCK_N']}x{config['BLOCK_K']}, {config['STAGES']}, "
        if "PIPES" in config:
            block += "partitions"
        else:
            block += str(config["num_warps"]) + ("" if config["FLATTEN"] else ", a tile a program")
        ratio = entry["ratio"]
        cells = [label, f"{entry['tflops']:.0f}", block, f"{ratio['best stock']:.3f}"]
        cells += [_interval(entry)] if intervals else []
        cells += [f"{ratio[name]:.3f}" for name in ("triton_tma", "triton_pointers", "cublas")]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _interval(entry: dict) -> str:
    low, high = entry["interval"]["best stock"]
    return f"{low:.3f} to {high:.3f} ({entry['rounds']})"


def _attention_rows(tree: dict) -> list[str]:
    lines = [
        "| case | TLE TFLOP/s | block, stages, warps | / best stock | interval | / tma | / early | / cuDNN, then |",
        "| --- | ---: | --- | ---: | --- | ---: | ---: | ---: |",
    ]
    for label in tree["attention"]["cases"]:
        entry = tree["attention"][label]["tle"]
        config, ratio = entry["config"], entry["ratio"]
        block = f"{config['BLOCK_M']}x{config['BLOCK_N']}, {config['STAGES']}, {config['num_warps']}"
        block += ", scores ahead" if config["AHEAD"] else ", V late" if config["LATE"] else ""
        cudnn = tree["cudnn"].get(label, {}).get("tle", {}).get("ratio", {}).get("torch_cudnn")
        cells = [label, f"{entry['tflops']:.0f}", block, f"{ratio['best stock']:.3f}", _interval(entry)]
        cells += [f"{ratio[name]:.3f}" if name in ratio else "-" for name in ("triton_tma", "triton_early")]
        lines.append(f"| {' | '.join([*cells, f'{cudnn:.3f}' if cudnn else '-'])} |")
    return lines


def _scatter_rows(tree: dict) -> list[str]:
    lines = ["| --- | ---: | ---: | ---: | ---: | ---: |"]
    for label in tree["scatter"]["cases"]:
        case = tree["scatter"][label]
        numbers = [case[name]["tb_s"] for name in ("tle", "triton", "gluon")]
        numbers += [case["tle"]["ratio"][name] for name in ("gluon", "triton")]
        size = label.replace(" columns", "").removesuffix(" warps")
        lines.append(f"| {size} | {' | '.join(f'{number:.2f}' for number in numbers)} |")
    return lines


TABLES = [
    _table(
        "performance/sparse_mla_fwd",
        "| d_qk, heads, topk, s_kv | TLE | tile | plain Triton | TileLang base | seesaw | pipelined | FlashMLA "
        "| TLE / FlashMLA | TLE / plain | tile / plain | tile / TileLang base |",
        ("fwd",),
        _forward_rows,
    ),
    _table(
        "performance/sparse_mla_fwd",
        "| heads | kernel | ms | TFLOP/s | / FlashMLA | in turns | gathered TB/s |",
        ("few",),
        _few_heads_rows,
    ),
    _table(
        "performance/sparse_mla_fwd", "| without | ms | slowdown | registers | spilled bytes |", ("passes",), _pass_rows
    ),
    _table(
        "warp-specialization",
        "| | d_qk, heads, topk | 8192 keys | 32768 | 49152 | 65536 | 98304 | 131072 |",
        ("rows",),
        _size_rows,
    ),
    _table(
        "performance/sparse_mla_bwd",
        "| heads | | ms | TFLOP/s | floor | memory | / TileLang | / plain Triton |",
        ("bwd",),
        _backward_rows,
    ),
    _table(
        "performance/sparse_mla_bucketed",
        "| profile | | full | length | bucketed | bucketed / full | bucketed / length | one_bucket / length |",
        ("bucketed",),
        _bucketed_rows,
    ),
    _table(
        "performance/mla_decode",
        "| b x s_q, now | 1 x 1 | 2 x 2 | 32 x 1 | 64 x 2 | 128 x 2 |",
        ("decode",),
        _decode_rows,
    ),
    _table(
        "performance/mla_decode",
        "| splits, query tokens, partials | TLE us | TB/s | of a copy | x torch |",
        ("merge",),
        _merge_rows,
    ),
    Table("docs/performance/dense.md", "| m x n x k |", ("gemm",), _gemm_rows),
    Table(
        "docs/performance/dense.md",
        "| case | TLE TFLOP/s | block, stages, warps | / best stock | interval |",
        ("attention", "cudnn"),
        _attention_rows,
    ),
    _table(
        "performance/scatter_add",
        "| columns by piece, warps | tle | triton | gluon | tle / gluon | tle / triton |",
        ("scatter",),
        _scatter_rows,
    ),
]
