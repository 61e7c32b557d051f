#!/usr/bin/env bash
# Prints the Pythons to build bindings for: the given one, and a CPython 3.12 where one with headers is found.
# A list in the environment variable TRITON_TLE_PYTHONS (separated by spaces) replaces the search.
set -euo pipefail
if [ -n "${TRITON_TLE_PYTHONS:-}" ]; then echo "$TRITON_TLE_PYTHONS"; exit 0; fi
found=$1
probe='import os, sys, sysconfig
ok = sys.version_info[:2] == (3, 12) and os.path.exists(sysconfig.get_paths()["include"] + "/Python.h")
print(sys.executable) if ok else sys.exit(1)'
if ! "$1" -c "$probe" >/dev/null 2>&1; then
  for candidate in python3.12 $(command -v pyenv >/dev/null && ls -d "$(pyenv root)"/versions/3.12*/bin/python3 2>/dev/null); do
    if path=$("$candidate" -c "$probe" 2>/dev/null); then found="$found $path"; break; fi
  done
fi
echo "$found"
