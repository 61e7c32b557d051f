#!/usr/bin/env bash
# Builds the add-on wheel for one Python from an existing build folder, so that C++ is compiled once for all of them.
# Usage: tools/build_wheel.sh PYTHON BUILD_DIR OUT_DIR
# The wheel is made from a copy of the files that git knows: what a working tree holds besides cannot get into it.
set -euo pipefail
python=$1; build=$(realpath "$2"); mkdir -p "$3"; out=$(realpath "$3")
cd "$(dirname "$0")/.."
copy=$(mktemp -d); trap 'rm -rf "$copy"' EXIT
git ls-files -z --cached --others --exclude-standard | tar c --null -T - | tar x -C "$copy"
"$python" -m pip wheel -q --disable-pip-version-check --no-deps -w "$out" "$copy" \
  -C cmake.define.TRITON_TLE_PREBUILT="$build"
