#!/usr/bin/env bash
# Installs what a build needs: LLVM/MLIR 22 and build tools from apt (when missing), Python packages into .venv.
# Usage: tools/setup.sh [VENV]        Environment: PYTHON, the interpreter the environment is made from.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=${1:-.venv}
python=${PYTHON:-python3}

packages=(llvm-22-dev libmlir-22-dev mlir-22-tools llvm-22-tools clang-22 lld-22 clang-format-22
          ninja-build cmake make ccache git libzstd-dev zlib1g-dev)
missing=()
for package in "${packages[@]}"; do
  [ "$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null)" = "install ok installed" ] || missing+=("$package")
done
# Python from Debian needs its headers and venv; other Pythons bring both.
if command -v "$python" >/dev/null; then
  "$python" -c 'import venv, ensurepip' 2>/dev/null || missing+=(python3-venv)
  "$python" -c 'import os, sysconfig; raise SystemExit(not os.path.exists(sysconfig.get_paths()["include"] + "/Python.h"))' \
    || missing+=(python3-dev)
else
  missing+=(python3 python3-venv python3-dev)
fi
if [ ${#missing[@]} -gt 0 ]; then
  echo "[setup] missing packages: ${missing[*]}"
  if [ "$(id -u)" -ne 0 ]; then
    echo "[setup] not root; install them with: sudo apt-get install ${missing[*]}" >&2
    exit 1
  fi
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
fi

# One stamp per requirements content: a second run installs nothing.
stamp="$venv/.installed-$(cat python/requirements-dev.txt python/test/requirements*.txt 2>/dev/null | sha256sum | cut -c1-16)"
if [ ! -e "$stamp" ]; then
  echo "[setup] Python packages into $venv"
  [ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
  "$venv/bin/python" -m pip install -q --disable-pip-version-check -r python/requirements-dev.txt
  if [ -e python/test/requirements-corpus.txt ]; then
    # kernel packages whose own requirements (GPU builds of torch, ...) the tests do not need
    "$venv/bin/python" -m pip install -q --disable-pip-version-check --no-deps -r python/test/requirements-corpus.txt
  fi
  rm -f "$venv"/.installed-*
  touch "$stamp"
fi
# The second import name, triton.experimental.tle, resolves to the source tree.
site=$("$venv/bin/python" -c 'import triton, os; print(os.path.dirname(triton.__file__))')
ln -sfn "$PWD/python/triton_experimental/tle" "$site/experimental/tle"
echo "[setup] ready: $venv"
