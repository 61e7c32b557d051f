#!/usr/bin/env bash
# Installs each wheel into a fresh environment and runs the forward tutorial there, away from the source tree.
# Usage: tools/wheel_test.sh PYTHON ADDON_WHEEL CUSTOM_WHEEL
# PYTHON is the interpreter of the build environment; torch and numpy are borrowed from it (a path entry that comes
# after the fresh environment's own packages), because their install would dwarf the test.
set -euo pipefail
python=$(realpath -s "$1"); addon=$(realpath "$2"); custom=$(realpath "$3")
root=$(cd "$(dirname "$0")/.." && pwd)
scratch=$(mktemp -d); trap 'rm -rf "$scratch"' EXIT
export TRITON_CACHE_DIR="$scratch/cache"
unset PYTHONPATH
borrowed=$("$python" -c 'import sysconfig; print(sysconfig.get_paths()["purelib"])')
cp -r "$root/python/tutorials" "$scratch/tutorials"

try() { # name, pip arguments...
  local name=$1 venv="$scratch/$1"; shift
  echo "[wheel] $name: fresh environment"
  "$python" -m venv "$venv"
  "$venv/bin/python" -m pip install -q --disable-pip-version-check "$@"
  local site; site=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_paths()["purelib"])')
  mkdir "$scratch/borrow-$name"
  for package in torch torchgen functorch numpy numpy.libs sympy mpmath networkx jinja2 markupsafe filelock fsspec \
                 typing_extensions.py; do
    [ -e "$borrowed/$package" ] && ln -s "$borrowed/$package" "$scratch/borrow-$name/$package"
  done
  echo "$scratch/borrow-$name" >"$site/borrowed.pth"
  cd "$scratch"
  "$venv/bin/python" - "$site" <<'PY'
import pathlib, sys
import triton, triton_tle
import triton.experimental.tle.language as field_name
import triton_tle.language as own_name
assert field_name.gpu.alloc is own_name.gpu.alloc
for module in (triton, triton_tle):
    assert pathlib.Path(module.__file__).is_relative_to(sys.argv[1]), module.__file__
PY
  TRITON_INTERPRET=1 "$venv/bin/python" tutorials/tle/deepseek_v32/02-sparse-mla.py --interpret
  "$venv/bin/python" tutorials/tle/deepseek_v32/02-sparse-mla.py --compile-only
  "$venv/bin/python" -m triton_tle info
}

try addon "$addon"
try custom "$custom"
"$scratch/custom/bin/python" - <<'PY'
import importlib.metadata as metadata
version = metadata.version("triton")
assert version.startswith("3.6.0+tle"), version
print("[wheel] custom wheel is triton", version)
PY
"$scratch/custom/bin/python" -m pip install -q --disable-pip-version-check --no-index "triton==3.6.0"  # torch's pin is met
