"""Figures of docs/results by short names, for tools/page_figures.py.

A figure's name is a path: document, case, provider, figure (`bwd.h128.tle.ratio.tilelang`). Besides what the files hold
there are figures that follow from several of it: shares of a limit, ranges over cases, ratios of two providers.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
RESULTS = ROOT / "docs" / "results"
sys.path.insert(0, str(ROOT / "python"))

from triton_tle.bench.harness import Timing  # noqa: E402

#: Document: its file in docs/results, and how a case is called.
SOURCES: dict[str, tuple[str, Callable[[dict], str]]] = {
    "main": ("sparse_mla_fwd_h100.json", lambda case: "main" if _is_main(case) else _attention_size(case)),
    "fwd": ("sparse_mla_fwd_h100.json", lambda case: _attention_size(case)),
    "few": ("sparse_mla_fwd_few_heads_h100.json", lambda case: _attention_size(case)),
    "rows": ("sparse_mla_fwd_rows_h100.json", lambda case: _attention_size(case)),
    "passes": ("passes_h100.json", lambda case: "main"),
    "bwd": ("sparse_mla_bwd_h100.json", lambda case: f"h{case['h_q']}"),
    "bucketed": ("sparse_mla_bucketed_h100.json", lambda case: _bucketed_case(case)),
    "decode": (
        "mla_decode_h100.json",
        lambda case: f"{'fp8' if case['fp8'] else 'bf16'} {case['b']} x {case['s_q']}",
    ),
    "merge": ("mla_decode_reduce_h100.json", lambda case: f"{case['splits']} splits, {case['tokens']} tokens"),
    "scatter": ("scatter_add_h100.json", lambda case: case["label"]),
    "gemm": ("gemm_h100.json", lambda case: case["label"]),
    "attention": ("flash_attention_h100.json", lambda case: case["label"]),
    "cudnn": ("flash_attention_cudnn_h100.json", lambda case: case["label"]),
    "loops": ("explore_loops_h100.json", lambda case: case["label"]),
}

#: Partials of the merge that are larger do not lie in the L2 cache of an H100.
L2_BYTES = 50 << 20

#: Document: its file of a checker in docs/results.
CHECKS = {
    "check_fwd": "check_sparse_mla_fwd.json",
    "check_bwd": "check_sparse_mla_bwd.json",
    "check_bucketed": "check_sparse_mla_bucketed.json",
}


def _is_main(case: dict) -> bool:
    return _attention_size(case) == "576, 128, 2048, 32768"


def _attention_size(case: dict) -> str:
    return ", ".join(str(case[name]) for name in ("d_qk", "h_q", "topk", "s_kv"))


def _bucketed_case(case: dict) -> str:
    return f"{case['name']} {case['h_q']} {'backward' if case['backward'] else 'forward'}"


def file_of(data: dict) -> str:
    """The name in docs/results of what a benchmark has written.

    Raises:
        ValueError: it is kept under no name, its run was quick or was ended early, or a provider failed in it.
    """
    if data.get("unfinished"):
        raise ValueError(f"the run was ended early, behind {len(data['cases'])} cases")
    failed = {case["label"]: case["failed"] for case in data.get("cases", []) if case.get("failed")}
    for place, names in [("all cases", data.get("failed")), *failed.items()]:
        if names:
            raise ValueError(f"{', '.join(names)} failed in {place}")
    gpu, operator = data.get("environment", {}).get("gpu", ""), data.get("op", "")
    if "H100" not in gpu:
        raise ValueError(f"environment.gpu is {gpu!r}, but the pages have figures of an H100")
    if operator == "sparse_mla_fwd" and len(data.get("cases", [])) == 1:
        raise ValueError("the run was a quick one, of the main size; the pages have all sizes")
    name = f"{operator}_h100.json"
    known = [file for file, _ in SOURCES.values()]
    if name not in known:
        raise ValueError(f"op is {operator!r}, expected one whose file is one of {', '.join(known)}")
    return name


def read(results: Path = RESULTS) -> dict[str, dict]:
    """Every document of `SOURCES` found in `results`, as a tree of figures, with "limits" that shares refer to."""
    tree = {}
    for name, (file, key) in SOURCES.items():
        data = json.loads((results / file).read_text())
        cases = data.get("cases") or data["gemm"]
        names = [key(case) for case in cases]
        if len(set(names)) < len(names):
            raise ValueError(f"{file}: {len(names)} cases have {len(set(names))} names: {', '.join(sorted(names))}")
        tree[name] = {
            **data["environment"],
            "product": data.get("product_tflops"),
            "copy": data.get("copy_bytes_per_second", 0) / 1e12,
            "summary": data.get("summary", {}),
            "cases": {key(case): case for case in cases},
        }
        for case in cases:
            tree[name][key(case)] = _of_case(case)
        tree[name]["spread"] = _range(
            entry["spread"] for case in cases for entry in case["providers"].values() if len(entry["rounds_ms"]) > 1
        )
    products, copy = tree["gemm"]["product"], tree["decode"]["copy"]
    for document in tree.values():
        document["most_spread"] = document["spread"][1]
    tree["limits"] = {"products": products, "bandwidth": copy}
    for document in tree.values():
        for case in document.get("cases", {}):
            for entry in document[case].values():
                if isinstance(entry, dict) and "tflops" in entry:
                    entry["of_products"] = entry["tflops"] / products
    for label, case in tree["gemm"]["cases"].items():
        m, n, k = case["m"], case["n"], case["k"]
        for entry in tree["gemm"][label].values():
            if isinstance(entry, dict) and "ms" in entry:
                entry["of_bandwidth"] = 2 * (m * n + n * k + k * m) / entry["ms"] * 1e-9 / copy
    for label, case in tree["few"]["cases"].items():
        gathered = 2 * case["s_q"] * case["topk"] * case["d_qk"] * 1e-9
        for name in case["providers"]:
            tree["few"][label][name]["gathered"] = gathered / tree["few"][label][name]["ms"]
    _ranges(tree)
    for name, file in CHECKS.items():
        tree[name] = _of_checks(json.loads((results / file).read_text()))
    return tree


def _of_checks(data: dict) -> dict:
    """Of a checker's file: number of checks and of those that passed, and the largest of each error."""
    checks = data["checks"]
    found = {**data["environment"], "number": len(checks), "passed": sum(not check["problem"] for check in checks)}
    for key in ("out", "max_logits", "lse", "float64", "sparse_mla"):
        errors = [check[key] for check in checks if isinstance(check.get(key), float)]
        found |= {key: max(errors)} if errors else {}
    found["providers"] = {
        name: sum(check.get("provider") == name for check in checks)
        for name in {check.get("provider") for check in checks}
    }
    return found


def _of_case(case: dict) -> dict:
    """The figures of a case: providers by name; ratios and intervals of all pairs whose rounds are there."""
    found = {name: value for name, value in case.items() if name not in ("providers", "failed")}
    for name, entry in case["providers"].items():
        entry = {**entry, "us": 1e3 * entry["ms"], "rounds": len(entry["rounds_ms"]), "times": {}, "within": {}}
        for other, peer in case["providers"].items():
            if len(peer["rounds_ms"]) == entry["rounds"]:
                ours, theirs = Timing(entry["rounds_ms"]), Timing(peer["rounds_ms"])
                entry["times"][other] = ours.ratio_to(theirs)
                entry["within"][other] = list(ours.interval_to(theirs))
        found[name] = entry
    return found


def _range(numbers: Iterable[float]) -> list[float]:
    """Least and greatest."""
    numbers = list(numbers)
    return [min(numbers), max(numbers)]


def _ranges(tree: dict) -> None:
    """Figures over several cases of a document."""
    rows = tree["rows"]
    cases = [rows[name] for name in rows["cases"]]
    shares = [case["tle_divided"]["times"]["tle"] for case in cases]
    rows["of_hand"] = {"mean": math.exp(sum(map(math.log, shares)) / len(shares)), "range": _range(shares)}
    rows["of_hand"]["turns"] = (
        rows["summary"]["tle_divided"]["turn_ratio_mean"] / rows["summary"]["tle"]["turn_ratio_mean"]
    )
    for provider in ("tle", "tle_divided"):
        summary = rows["summary"][provider]
        for kind in ("", "turn_", "alone_"):
            summary[f"{kind}range"] = [summary[f"{kind}ratio_min"], summary[f"{kind}ratio_max"]]
    widths = [
        (case[name]["turn_interval"][1] - case[name]["turn_interval"][0]) / case[name]["turn_ratio"]
        for case in cases
        for name in ("tle", "tle_divided")
    ]
    rows["turn_widths"] = _range(widths)
    for provider in ("tle", "tle_divided", "flash_mla"):
        for figure in ("tflops", "product_share"):
            rows[f"{provider}_{figure}"] = _range(case[provider][figure] for case in cases)
    main = tree["main"]["main"]
    tree["main"]["spread_of_forward"] = max(main[name]["spread"] for name in ("tle", "tle_divided", "flash_mla"))
    merge = [
        tree["merge"][name]["tle"]
        for name, case in tree["merge"]["cases"].items()
        if 4 * math.prod(case[size] for size in ("splits", "tokens", "h_q", "d_v")) > L2_BYTES
    ]
    tree["merge"]["of_copy"] = _range(entry["bandwidth_share"] for entry in merge)
    tree["merge"]["speedup"] = _range(entry["speedup"] for entry in merge)
    decode = tree["decode"]
    decode["most_of_kernels"] = max(
        entry["spread"]
        for case in decode["cases"].values()
        for name, entry in case["providers"].items()
        if name != "pipes"
    )
    for case in decode["cases"]:
        entry = decode[case]["tle"]
        entry |= {"of_products_number": 100 * entry["of_products"], "bandwidth_number": 100 * entry["bandwidth_share"]}
    bucketed = tree["bucketed"]
    others = [
        (case["providers"]["bucketed"]["ratio"]["length"], *case["providers"]["bucketed"]["interval"]["length"])
        for name, case in bucketed["cases"].items()
        if "length" in case["providers"] and name != "short sequences 128 forward"
    ]
    bucketed["others_low"], bucketed["others_high"] = _range(ratio for ratio, _, _ in others)
    bucketed["others_lowest"] = min(low for _, low, _ in others)
    many = [tree["decode"][f"fp8 {size}"]["tle"]["time_ratio"] for size in ("32 x 1", "64 x 2", "128 x 2")]
    tree["decode"]["many"] = _range(many)
    best = {d: [] for d in (64, 128)}
    for label, case in tree["attention"]["cases"].items():
        best[case["d"]].append(tree["attention"][label]["tle"]["ratio"]["best stock"])
    tree["attention"]["tle_spread"] = _range(
        entry["spread"] for case in tree["attention"]["cases"].values() for entry in case["providers"].values()
    )
    tree["attention"]["best"] = {f"d{d}": _range(ratios) for d, ratios in best.items()}
    tree["gemm"]["best"] = _range(tree["gemm"][label]["tle"]["ratio"]["best stock"] for label in tree["gemm"]["cases"])
    tree["bucketed"]["fills"] = {name: 1 / case["fill"] for name, case in tree["bucketed"]["cases"].items()}
