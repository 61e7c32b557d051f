#!/usr/bin/env python3
"""Pages of docs/passes: one per pass, its declaration's text above and the reasoning below.

The part between the markers comes from the Passes.td files through mlir-tblgen and is rewritten here; what stands
below it is written by hand and kept. `make docs` writes, `tools/pass_pages.py --check` only compares and lists the
pages that are out of date, missing, without reasoning, or of a pass that is gone (exit status 1).
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGES = ROOT / "docs" / "passes"
BEGIN = "<!-- from {source}: edit there, then run `make docs` -->"
END = "<!-- end of the declaration -->"
REASONING = "## Why it is made this way"
INCLUDES = ("include", "third_party/tle/include")
CODE = ("lib", "third_party/tle/lib")


@dataclass(frozen=True)
class Declared:
    """A pass as its Passes.td declares it: flag, that file, Markdown text, the C++ file; relative to the repository."""

    flag: str
    source: str
    text: str
    code: str = ""

    def head(self) -> str:
        """The generated part of the page, markers included."""
        return f"# `{self.flag}`\n\n{BEGIN.format(source=self.source)}\n\n{self.text}\n\n{END}\n"


def declared_passes(tblgen: str, llvm_include: str) -> list[Declared]:
    """Every pass of every Passes.td, sorted by flag.

    Raises:
        CalledProcessError: mlir-tblgen refuses a file; what it says is on standard error.
    """
    passes = []
    for source in sorted(p for folder in INCLUDES for p in (ROOT / folder).rglob("Passes.td")):
        includes = [f"-I{ROOT / folder}" for folder in INCLUDES] + [f"-I{llvm_include}"]
        command = [tblgen, "--gen-pass-doc", *includes, str(source)]
        text = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
        for part in re.split(r"^### ", text, flags=re.MULTILINE)[1:]:
            title, _, body = part.partition("\n")
            body = re.sub(r"^####", "##", body.strip(), flags=re.MULTILINE)
            body = re.sub(r"^_Tle\.", "_tle.", body)  # mlir-tblgen begins every summary with a capital letter
            flag = title.strip().strip("`").removeprefix("-")
            if flag.startswith("test-"):  # only for tests of analyses
                continue
            declared = declaring_file(source, flag)
            passes.append(Declared(flag, str(declared.relative_to(ROOT)), body, code_file(declared, flag)))
    return sorted(passes, key=lambda p: p.flag)


def declaring_file(source: Path, flag: str) -> Path:
    """The .td file that declares the pass: ``source`` or one beside it that it includes."""
    for path in (source, *sorted(source.parent.glob("*Passes.td"))):
        if f'"{flag}"' in path.read_text():
            return path
    return source


def code_file(declared: Path, flag: str) -> str:
    """The C++ file that defines the pass; raises ValueError if none or several do."""
    name = re.search(rf'def (\w+)\s*:[^"]*"{re.escape(flag)}"', declared.read_text()).group(1)
    definition = re.compile(rf"#define GEN_PASS_DEF_{name.upper()}\b")
    found = [path for folder in CODE for path in (ROOT / folder).rglob("*.cpp") if definition.search(path.read_text())]
    if len(found) != 1:
        raise ValueError(f"{flag}: defined in {len(found)} files of {' and '.join(CODE)}, expected one")
    return str(found[0].relative_to(ROOT))


def page_text(declared: Declared, old: str) -> str:
    """The page with its declaration renewed; the reasoning in ``old`` stays."""
    _, end, rest = old.partition(END)
    reasoning = rest.strip() if end else REASONING
    return f"{declared.head()}\n{reasoning}\n"


def index_text(passes: list[Declared]) -> str:
    """The table of docs/passes/README.md: every page with the first line of its text."""
    rows = []
    for entry in passes:
        summary = entry.text.partition("\n")[0].strip().strip("_")
        code = f"[{Path(entry.code).name}](../../{entry.code})" if entry.code else ""
        rows.append(f"| [`{entry.flag}`]({entry.flag}.md) | {summary} | {code} |")
    return "\n".join(
        [
            "# Passes, one page each",
            "",
            "Above, what the declaration says, with IR before and after; below, why it is made this way. The order in",
            "which they run is in [ir/passes.md](../ir/passes.md) and `python -m triton_tle pipeline`. Tests are in",
            "`third_party/tle/test/GPU` and `test/`, named after the flag without `triton-tle-`, `tritongpu-` or",
            "`triton-nvidia-gpu-`; `triton-tle-lower-extract-tile` and `triton-tle-lower-insert-tile` share",
            "`lower-tiles.mlir`.",
            "",
            "| pass | | code |",
            "| --- | --- | --- |",
            *rows,
            "",
        ]
    )


def problems(passes: list[Declared]) -> list[str]:
    """What `--check` complains about, one line each."""
    found = []
    pages = {path.stem: path for path in PAGES.glob("*.md") if path.name != "README.md"}
    for entry in passes:
        path = pages.pop(entry.flag, None)
        if path is None:
            found.append(f"docs/passes/{entry.flag}.md: missing; run `make docs`, then write its reasoning")
            continue
        old = path.read_text()
        if page_text(entry, old) != old:
            found.append(f"docs/passes/{path.name}: differs from {entry.source}; run `make docs`")
        elif len(old.partition(END)[2].split()) < 30:
            found.append(f"docs/passes/{path.name}: has no reasoning below the declaration")
    found += [f"docs/passes/{path.name}: no such pass" for path in pages.values()]
    index = PAGES / "README.md"
    if not index.exists() or index.read_text() != index_text(passes):
        found.append("docs/passes/README.md: out of date; run `make docs`")
    return found


def main(arguments: list[str] | None = None) -> int:
    """Write or check the pages; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare only")
    parser.add_argument("--tblgen", default="/usr/lib/llvm-22/bin/mlir-tblgen", help="default: %(default)s")
    parser.add_argument("--llvm-include", default="/usr/lib/llvm-22/include", help="default: %(default)s")
    options = parser.parse_args(arguments)
    passes = declared_passes(options.tblgen, options.llvm_include)
    if options.check:
        found = problems(passes)
        print("\n".join(found) or f"{len(passes)} pages agree with their declarations")
        return 1 if found else 0
    PAGES.mkdir(exist_ok=True)
    for entry in passes:
        path = PAGES / f"{entry.flag}.md"
        path.write_text(page_text(entry, path.read_text() if path.exists() else ""))
    (PAGES / "README.md").write_text(index_text(passes))
    print(f"{len(passes)} pages in {PAGES.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
