#!/usr/bin/env python3
"""Make the custom Triton wheel: the official triton wheel with TLE inside.

    custom_wheel.py --addon dist/triton_tle-0.1.0-cp311-….whl --out dist [--official triton-3.6.0-….whl]

The result is `triton-3.6.0+tle<version>`: a PEP 440 local version, so it satisfies the pin `triton==3.6.0`
that torch wheels carry. The official wheel is fetched with pip for the Python named by the add-on's tag.
`import triton` there installs TLE's compiler hook by itself; everything else of the official wheel is unchanged.
"""

from __future__ import annotations

import argparse
import base64
import csv
import hashlib
import io
import pathlib
import re
import subprocess
import sys
import tempfile
import zipfile

OFFICIAL = "3.6.0"
PLATFORMS = ("manylinux_2_27_x86_64", "manylinux_2_28_x86_64", "manylinux_2_17_x86_64")
# Deflate level: the archive is large and built often; level 1 costs 15 % in size and saves most of the time.
LEVEL = 1
AUTOLOAD = "\n# TritonTLE: makes TLE's passes available to kernels that use them.\nimport triton_tle  # noqa\n"


def fetch_official(python_tag: str, into: pathlib.Path) -> pathlib.Path:
    """Download the official wheel for `python_tag` (such as "cp311") into `into`; return its path."""
    digits = python_tag.removeprefix("cp")
    platforms = [flag for name in PLATFORMS for flag in ("--platform", name)]
    subprocess.run(
        [sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check", "--no-deps",
         "--only-binary=:all:", *platforms, "--implementation", "cp",
         "--python-version", f"{digits[0]}.{digits[1:]}", "-d", str(into), f"triton=={OFFICIAL}"],
        check=True)  # fmt: skip
    return next(into.glob(f"triton-{OFFICIAL}-{python_tag}-*.whl"))


def record_line(name: str, data: bytes) -> tuple[str, str, int]:
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    return name, f"sha256={digest}", len(data)


def merge(official: pathlib.Path, addon: pathlib.Path, out: pathlib.Path) -> pathlib.Path:
    """Write the merged wheel into `out` and return its path. Raises ValueError when the two wheels' tags differ."""
    addon_version = re.match(r"triton_tle-([^-]+)-(cp\d+)-", addon.name)
    if addon_version is None:
        raise ValueError(f"--addon {addon.name}: not a triton_tle-<version>-<python tag> wheel")
    if f"-{addon_version[2]}-" not in official.name:
        raise ValueError(f"--addon {addon.name} and {official.name}: the Python tags differ")
    version = f"{OFFICIAL}+tle{addon_version[1]}"
    target = out / official.name.replace(f"triton-{OFFICIAL}-", f"triton-{version}-", 1)
    old_info, new_info = f"triton-{OFFICIAL}.dist-info/", f"triton-{version}.dist-info/"
    rows = []
    with zipfile.ZipFile(official) as base, zipfile.ZipFile(addon) as extra, \
            zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=LEVEL) as wheel:  # fmt: skip

        def put(info: zipfile.ZipInfo, name: str, data: bytes) -> None:
            entry = zipfile.ZipInfo(name, date_time=(2026, 1, 1, 0, 0, 0))
            entry.external_attr, entry.compress_type = info.external_attr, zipfile.ZIP_DEFLATED
            wheel.writestr(entry, data, compresslevel=LEVEL)
            rows.append(record_line(name, data))

        for info in base.infolist():
            if info.is_dir() or info.filename == old_info + "RECORD":
                continue
            data = base.read(info)
            name = info.filename.replace(old_info, new_info, 1)
            if name == new_info + "METADATA":
                data = data.replace(f"Version: {OFFICIAL}\n".encode(), f"Version: {version}\n".encode(), 1)
            elif name == "triton/__init__.py":
                data += AUTOLOAD.encode()
            put(info, name, data)
        for info in extra.infolist():
            if not info.is_dir() and ".dist-info/" not in info.filename:
                put(info, info.filename, extra.read(info))
        table = io.StringIO()
        csv.writer(table, lineterminator="\n").writerows([*rows, (new_info + "RECORD", "", "")])
        wheel.writestr(new_info + "RECORD", table.getvalue())
    return target


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--addon", type=pathlib.Path, required=True, help="add-on wheel to put inside")
    parser.add_argument("--official", type=pathlib.Path, help="official wheel (default: fetched with pip)")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("dist"))
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        official = args.official or fetch_official(args.addon.name.split("-")[2], pathlib.Path(scratch))
        print(merge(official, args.addon, args.out))


if __name__ == "__main__":
    main()
