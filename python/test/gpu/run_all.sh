#!/usr/bin/env bash
# Everything that needs a GPU, in about six minutes; installs nothing.
#   python/test/gpu/run_all.sh OUT_DIR [commit]
# OUT_DIR gets the logs, JSON results and the plot. Python with torch, triton 3.6.0 and triton_tle on the path must be
# `python3`; peers (tilelang, flash_mla) run where they import. SKIP names steps to leave out, for example
# SKIP="memcheck racecheck".
set -u
out=${1:?usage: run_all.sh OUT_DIR [commit]}
commit=${2:-}
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$out"
failed=()

step() { # step NAME SECONDS COMMAND...
  local name=$1 limit=$2
  shift 2
  case " ${SKIP:-} " in *" $name "*) echo "== $name: left out"; return ;; esac
  local start=$SECONDS
  if timeout "$limit" "$@" >"$out/$name.log" 2>&1; then
    echo "== $name: passed, $((SECONDS - start)) s"
  else
    echo "== $name: FAILED (status $?), $((SECONDS - start)) s; last lines:"
    failed+=("$name")
    tail -n 15 "$out/$name.log"
  fi
}

export PYTHONUNBUFFERED=1
check="$here/check_sparse_mla_fwd.py"
sanitizer=$(command -v compute-sanitizer || ls /usr/local/cuda/bin/compute-sanitizer 2>/dev/null)
step check_tle 200 python3 "$check" --json "$out/check_tle.json"
step check_triton 120 python3 "$check" --provider triton --json "$out/check_triton.json"
if python3 -c 'import pytest' 2>/dev/null; then
  step language 240 python3 -m pytest -q -p no:cacheprovider "$here/test_language.py"
  step reductions 120 python3 -m pytest -q -p no:cacheprovider "$here/test_coalesce_atomics.py"
else
  echo "== language, reductions: left out, no pytest"
fi
backward="$here/check_sparse_mla_bwd.py"
step check_bwd 300 python3 "$backward" --json "$out/check_sparse_mla_bwd.json"
step check_bwd_triton 200 python3 "$backward" --provider triton --json "$out/check_sparse_mla_bwd_triton.json"
step bench_bwd 300 python3 -m triton_tle.bench sparse_mla_bwd --json "$out/sparse_mla_bwd.json" \
  --plot "$out/sparse_mla_bwd.png" ${commit:+--commit "$commit"}
bucketed="$here/check_sparse_mla_bucketed.py"
step check_bucketed 200 python3 "$bucketed" --soak 20 --json "$out/check_sparse_mla_bucketed.json"
step bench_bucketed 200 python3 -m triton_tle.bench sparse_mla_bucketed --json "$out/sparse_mla_bucketed.json" \
  --plot "$out/sparse_mla_bucketed.png" ${commit:+--commit "$commit"}
decode="$here/check_mla_decode.py"
step check_decode 240 python3 "$decode" --soak 30 --json "$out/check_mla_decode.json"
step bench_decode 240 python3 -m triton_tle.bench mla_decode --json "$out/mla_decode.json" ${commit:+--commit "$commit"}
step bench_reduce 120 python3 -m triton_tle.bench mla_decode_reduce --json "$out/mla_decode_reduce.json" \
  ${commit:+--commit "$commit"}
step bench 240 python3 -m triton_tle.bench sparse_mla_fwd --json "$out/sparse_mla_fwd.json" \
  --plot "$out/sparse_mla_fwd.png" ${commit:+--commit "$commit"}
step passes 120 python3 -m triton_tle.bench passes --json "$out/passes.json" ${commit:+--commit "$commit"}
step scatter_add 120 python3 -m triton_tle.bench scatter_add --json "$out/scatter_add.json" ${commit:+--commit "$commit"}
if [ -n "$sanitizer" ]; then
  step memcheck 150 "$sanitizer" --tool memcheck --error-exitcode 9 python3 "$check" --sanitize --seed 1
  step racecheck 200 "$sanitizer" --tool racecheck --error-exitcode 9 python3 "$check" --sanitize --seed 1
  step memcheck_bwd 150 "$sanitizer" --tool memcheck --error-exitcode 9 python3 "$backward" --sanitize --seed 1
  step racecheck_bwd 200 "$sanitizer" --tool racecheck --error-exitcode 9 python3 "$backward" --sanitize --seed 1
  step memcheck_bucketed 150 "$sanitizer" --tool memcheck --error-exitcode 9 python3 "$bucketed" --sanitize --seed 1
  step racecheck_bucketed 200 "$sanitizer" --tool racecheck --error-exitcode 9 python3 "$bucketed" --sanitize --seed 1
  step memcheck_decode 150 "$sanitizer" --tool memcheck --error-exitcode 9 python3 "$decode" --sanitize --seed 1
  step racecheck_decode 200 "$sanitizer" --tool racecheck --error-exitcode 9 python3 "$decode" --sanitize --seed 1
else
  echo "== memcheck, racecheck: no compute-sanitizer"
fi
for log in bench bench_bwd bench_bucketed bench_decode bench_reduce passes scatter_add; do [ -f "$out/$log.log" ] && cat "$out/$log.log"; done
for log in check_tle check_triton check_bwd check_bwd_triton check_bucketed check_decode language reductions memcheck racecheck \
  memcheck_bwd racecheck_bwd memcheck_bucketed racecheck_bucketed memcheck_decode \
  racecheck_decode; do
  [ -f "$out/$log.log" ] && echo "$log: $(tail -n 1 "$out/$log.log")"
done
echo "failed: ${failed[*]:-none}"
[ ${#failed[@]} -eq 0 ]
