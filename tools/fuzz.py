#!/usr/bin/env python3
"""Runs tle-fuzz (test/fuzz) for a while and says what it found: status 1 if a finding is not suppressed.

Usage: tools/fuzz.py --binary build-sanitize/bin/tle-fuzz --seconds 1800 --jobs 2

The seeds are the modules of the lit suite with the pipelines of their RUN lines, and the modules that native passes see
while random tile programs compile. What is generated goes to <build>/fuzz: seeds, corpus, dictionary, findings.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MAX_LENGTH = 24 * 1024
# Findings in code that is not ours and that a caller cannot avoid: a pattern in the report, and why it stands here.
SUPPRESSED: dict[str, str] = {}


def without_locations(text: str) -> str:
    """The module without its locations, which make most of its text."""
    text = re.sub(r' loc\((?:#loc\d*|unknown|"[^"]*"(?:\(#loc\d*\))?)\)', "", text)
    return re.sub(r"(?m)^#loc.*\n", "", text)


def lit_seeds() -> list[str]:
    """Each module of the lit suite with each pipeline that its file runs."""
    seeds = []
    for path in sorted([*ROOT.glob("test/**/*.mlir"), *ROOT.glob("third_party/tle/test/**/*.mlir")]):
        text = path.read_text()
        pipelines = set()
        for command in re.findall(r"// RUN:.*tle-opt %s([^|\n]*)", text):
            words = re.findall(r"--?([a-z][\w-]*)(?:=('[^']*'|\"[^\"]*\"|\S+))?", command)
            passes = [
                flag + (f"{{{options.strip(chr(39) + chr(34))}}}" if options else "")
                for flag, options in words
                if not re.match(r"split-|verify-diag|mlir-|allow-|o$", flag)
            ]
            pipelines.add(",".join(passes) or "canonicalize")
        code = "\n".join(line for line in text.splitlines() if not re.match(r"\s*//(?! -----)", line))
        for module in re.split(r"(?m)^// -----.*$", code):
            seeds += [f"{pipeline}\n{module.strip()}\n" for pipeline in sorted(pipelines)]
    return seeds


def program_seeds(count: int) -> list[str]:
    """What native passes see while random programs compile."""
    sys.path[:0] = [str(ROOT / "python"), str(ROOT / "python" / "test" / "differential")]
    from programs import record

    with tempfile.TemporaryDirectory() as folder:
        runs = record.of_programs(range(count), Path(folder))
    return sorted({f"{entry}\n{without_locations(text)}" for entry, text in runs})


def dictionary(seeds: list[str]) -> str:
    """Names of operations, attributes and types that the seeds have, as a libFuzzer dictionary."""
    words = {word for seed in seeds for word in re.findall(r"\b[a-z]\w*(?:\.\w+)+\b|\b[a-z]\w+(?= =)", seed)}
    return "".join(f'"{word}"\n' for word in sorted(words))


def explain(binary: Path, path: Path) -> str:
    """What the fuzzer says of one input, run alone."""
    command = [str(binary), "-timeout=60", "-rss_limit_mb=4000", str(path)]
    result = subprocess.run(command, capture_output=True, text=True, errors="replace")
    return (result.stderr or f"tle-fuzz: ended with status {result.returncode}") if result.returncode else ""


def title(report: str) -> str:
    """One line that tells findings apart."""
    for pattern in (r"(?m)^tle-fuzz: (.*)", r"Assertion `(.*)' failed", r"runtime error: (.*)", r"LLVM ERROR: (.*)"):
        if match := re.search(pattern, report):
            where = re.search(r"#\d+ 0x\w+ in (\S*triton\S*|.*/(?:lib|third_party)/\S+)", report)
            return match[1] + (f" at {where[1]}" if where else "")
    summary = re.search(r"SUMMARY: (.*)", report)
    frame = re.search(r"#\d+ 0x\w+ in .*?(\S+/(?:lib|third_party|include/triton)/\S+:\d+)", report)
    return f"{summary[1] if summary else 'died'} {frame[1] if frame else ''}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", type=Path, required=True, help="the fuzzer")
    parser.add_argument("--seconds", type=int, default=1800, help="how long (1800)")
    parser.add_argument("--jobs", type=int, default=2, help="processes (2)")
    parser.add_argument("--programs", type=int, default=20, help="random programs to take modules of (20; 0: none)")
    arguments = parser.parse_args()

    work = arguments.binary.resolve().parent.parent / "fuzz"
    folders = {name: work / name for name in ("seeds", "corpus", "findings")}
    for folder in folders.values():
        folder.mkdir(parents=True, exist_ok=True)
    for old in [*folders["seeds"].iterdir(), *folders["findings"].iterdir()]:
        old.unlink()
    seeds = lit_seeds()
    if arguments.programs:
        seeds += program_seeds(arguments.programs)
    seeds = [seed for seed in seeds if len(seed) < MAX_LENGTH]
    for number, seed in enumerate(seeds):
        (folders["seeds"] / f"{number:05d}").write_text(seed)
    (work / "dictionary").write_text(dictionary(seeds))
    statistics = work / "statistics"
    statistics.unlink(missing_ok=True)

    print(f"[fuzz] {len(seeds)} seeds, {arguments.jobs} processes, {arguments.seconds} s", flush=True)
    command = [
        str(arguments.binary), f"-fork={arguments.jobs}", f"-max_total_time={arguments.seconds}",
        "-ignore_crashes=1", "-ignore_timeouts=1", "-ignore_ooms=1", "-timeout=30", "-rss_limit_mb=3000",
        f"-max_len={MAX_LENGTH}", "-len_control=0", "-detect_leaks=0", f"-dict={work / 'dictionary'}",
        f"-artifact_prefix={folders['findings']}/", str(folders["corpus"]), str(folders["seeds"]),
    ]  # fmt: skip
    environment = os.environ | {"TLE_FUZZ_STATISTICS": str(statistics)}
    log, begin = work / "log", time.monotonic()
    with log.open("w") as output:
        subprocess.run(command, stdout=output, stderr=subprocess.STDOUT, env=environment, check=False)
    bad = 0
    if statistics.exists():
        counts = [(0, 0, 0, 0)] + [tuple(map(int, line.split())) for line in statistics.read_text().splitlines()]
        inputs, parsed, reached, succeeded = map(sum, zip(*counts, strict=True))
        print(f"[fuzz] {inputs} inputs: {parsed} parsed, {reached} reached a pass, {succeeded} passed it")
        if not succeeded:
            bad += 1
            print("[fuzz] FOUND: no input has passed a pass, so nothing was tried")

    # A fuzzer that dies says nothing by its status: it ignores crashes.
    spent = time.monotonic() - begin
    if spent < arguments.seconds:
        bad += 1
        print(f"[fuzz] FOUND: the fuzzer itself ended after {spent:.0f} of {arguments.seconds} s")

    found: dict[str, list[Path]] = {}
    texts = {}
    with ThreadPoolExecutor(arguments.jobs) as pool:
        paths = sorted(folders["findings"].iterdir())
        for path, report in zip(paths, pool.map(lambda path: explain(arguments.binary, path), paths), strict=True):
            # A slow input may be fast when it runs alone; a crash that does not come again hides something.
            if not report and path.name.startswith("crash-"):
                report = "tle-fuzz: crashed, and not again alone"
            if report:
                found.setdefault(title(report), []).append(path)
                texts[title(report)] = report
    for name, paths in sorted(found.items(), key=lambda item: -len(item[1])):
        reason = next((why for pattern, why in SUPPRESSED.items() if re.search(pattern, texts[name])), None)
        bad += reason is None
        smallest = min(paths, key=lambda path: path.stat().st_size)
        print(f"[fuzz] {'suppressed' if reason else 'FOUND'}: {name}\n    {len(paths)} inputs, smallest {smallest}")
        if reason:
            print(f"    {reason}")
    print(f"[fuzz] {bad} findings; log in {log}")
    return 1 if bad or not statistics.exists() else 0


if __name__ == "__main__":
    sys.exit(main())
