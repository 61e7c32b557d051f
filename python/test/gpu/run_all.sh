#!/usr/bin/env bash
# Everything that needs a GPU: checks, benchmarks, sanitizers, tutorials; installs nothing.
#   python/test/gpu/run_all.sh OUT_DIR [commit]
# OUT_DIR gets the logs, JSON results and plots. Python with torch, triton 3.6.0 and triton_tle on the path must be
# `python3`; peers (tilelang, flash_mla) run where they import. Each step has its limit; the table of all steps is
# printed last, and the status is 1 if one of them failed, if none ran, or if PARTS, ONLY or SKIP name what is not there.
#   PARTS="checks benches"   some of the parts only: checks, benches, sanitizers, tutorials
#   ONLY="bench_gemm"        some of the steps only
#   SKIP="memcheck_fwd"      steps to leave out
#   COMPUTE_SANITIZER=PATH   another compute-sanitizer than the one on the path
set -u
out=${1:?usage: run_all.sh OUT_DIR [commit]}
recorded=(${2:+--commit "$2"})
here=$(cd "$(dirname "$0")" && pwd)
tutorials=$here/../../tutorials/tle
parts=${PARTS:-checks benches sanitizers tutorials}
mkdir -p "$out"
export PYTHONUNBUFFERED=1 PYTHONPATH="$here/../..${PYTHONPATH:+:$PYTHONPATH}"
table=() failed=() known=() ran=0
if ! python3 -c 'import torch; raise SystemExit(not torch.cuda.is_available())'; then
  echo "needs an NVIDIA GPU, and torch sees none" >&2
  exit 1
fi

has() { case " $1 " in *" $2 "*) return 0 ;; *) return 1 ;; esac; }

for part in $parts; do
  if ! has "checks benches sanitizers tutorials" "$part"; then
    echo "PARTS: no part '$part'; there are checks, benches, sanitizers, tutorials" >&2
    exit 1
  fi
done

row() { table+=("$(printf '%-26s %-8s %5s  %s' "$1" "$2" "$3" "${4:0:120}")"); }

step() { # step PART NAME SECONDS COMMAND...
  local part=$1 name=$2 limit=$3 status start=$SECONDS
  shift 3
  known+=("$name")
  has "$parts" "$part" || return
  [ -z "${ONLY:-}" ] || has "$ONLY" "$name" || return
  if has "${SKIP:-}" "$name"; then row "$name" "left out" - "SKIP"; return; fi
  ran=$((ran + 1))
  echo "== $name (at most $limit s)"
  timeout -k 10 "$limit" "$@" >"$out/$name.log" 2>&1
  status=$?
  local last
  last=$(grep -v '^\s*$' "$out/$name.log" | tail -n 1)
  if [ $status -eq 0 ]; then
    row "$name" passed $((SECONDS - start)) "$last"
    [ "$part" = benches ] && cat "$out/$name.log"
  else
    [ $status -eq 124 ] && last="no end within $limit s; $last"
    row "$name" FAILED $((SECONDS - start)) "status $status: $last"
    failed+=("$name")
    tail -n 15 "$out/$name.log"
  fi
}

missing() { # missing PART NAME WHY
  known+=("$2")
  has "$parts" "$1" && { [ -z "${ONLY:-}" ] || has "$ONLY" "$2"; } && row "$2" "left out" - "$3"
}

fwd=$here/check_sparse_mla_fwd.py bwd=$here/check_sparse_mla_bwd.py
bucketed=$here/check_sparse_mla_bucketed.py decode=$here/check_mla_decode.py gemm=$here/check_gemm.py
step checks check_fwd 400 python3 "$fwd" --json "$out/check_fwd.json" "${recorded[@]}"
step checks check_fwd_triton 120 python3 "$fwd" --provider triton --json "$out/check_fwd_triton.json" "${recorded[@]}"
step checks check_fwd_divided 200 python3 "$fwd" --provider tle_divided tle_divided_turns \
  --json "$out/check_fwd_divided.json" "${recorded[@]}"
step checks check_bwd 300 python3 "$bwd" --json "$out/check_bwd.json" "${recorded[@]}"
step checks check_bwd_loop 200 python3 "$bwd" --provider tle_loop --json "$out/check_bwd_loop.json" "${recorded[@]}"
step checks check_bwd_divided 200 python3 "$bwd" --provider tle_divided tle_divided_16 \
  --json "$out/check_bwd_divided.json" "${recorded[@]}"
step checks check_bwd_triton 200 python3 "$bwd" --provider triton --json "$out/check_bwd_triton.json" "${recorded[@]}"
step checks check_bucketed 200 python3 "$bucketed" --soak 20 --json "$out/check_bucketed.json" "${recorded[@]}"
# It ends by itself before its limit, and then says what has been right until then.
step checks check_decode 200 python3 "$decode" --seconds 175 --json "$out/check_decode.json" "${recorded[@]}"
step checks check_gemm 120 python3 "$gemm" --soak 20 --json "$out/check_gemm.json" "${recorded[@]}"
step checks soak "$((${SOAK_SECONDS:-60} + 150))" python3 "$here/soak.py" --seconds "${SOAK_SECONDS:-60}" --json "$out/soak.json" "${recorded[@]}"
step checks warp_specialize 120 python3 "$here/check_warp_specialize.py"
step checks tile_loop 120 python3 "$here/check_tile_loop.py"
for path in "$here"/test_*.py; do
  [ "$(basename "$path")" = test_sparse_mla.py ] && continue # the cases of the check scripts, one after the other
  name=pytest_$(basename "$path" .py | sed 's/^test_//')
  if python3 -c 'import pytest' 2>/dev/null; then
    step checks "$name" 240 python3 -m pytest -q -p no:cacheprovider "$path"
  else
    missing checks "$name" "no pytest"
  fi
done
step checks differential 400 python3 "$here/run_differential.py" --count 500 --seed "${SEED:-0}" --out "$out/differential"

bench() { # bench NAME SECONDS [options]
  local name=$1 limit=$2
  shift 2
  step benches "bench_$name" "$limit" python3 -m triton_tle.bench "$name" --json "$out/$name.json" \
    --plot "$out/$name.png" "$@" \
    "${recorded[@]}"
}
bench sparse_mla_fwd 240
bench sparse_mla_fwd_few_heads 200
bench sparse_mla_fwd_rows 200
bench sparse_mla_bwd 300
bench sparse_mla_bucketed 240
bench mla_decode 240
bench mla_decode_reduce 120
bench passes 200
bench gemm 240
bench flash_attention 240
bench scatter_add 120

sanitizer=${COMPUTE_SANITIZER:-$(command -v compute-sanitizer || ls /usr/local/cuda/bin/compute-sanitizer 2>/dev/null)}
for name in fwd bwd bucketed decode gemm; do
  if [ -n "$sanitizer" ]; then
    small=("${!name}" --sanitize --seed 1)
    step sanitizers "memcheck_$name" 240 "$sanitizer" --tool memcheck --error-exitcode 9 python3 "${small[@]}"
    step sanitizers "synccheck_$name" 240 "$sanitizer" --tool synccheck --error-exitcode 9 python3 "${small[@]}"
    step sanitizers "racecheck_$name" 300 python3 "$here/racecheck.py" --sanitizer "$sanitizer" "${small[@]}"
  else
    for tool in memcheck synccheck racecheck; do missing sanitizers "${tool}_$name" "no compute-sanitizer"; done
  fi
done

for path in "$tutorials"/*.py "$tutorials"/*/*.py; do
  name=$(basename "$path" .py)
  step tutorials "tutorial_${name//-/_}" 200 python3 "$path" --out "$out/tutorials"
done

echo
printf '%-26s %-8s %5s  %s\n' step result s "last line"
printf '%s\n' ${table[@]+"${table[@]}"}
for name in ${ONLY:-} ${SKIP:-}; do
  has "${known[*]}" "$name" || { echo "no step $name; there are ${known[*]}"; failed+=("$name"); }
done
[ $ran -gt 0 ] || { echo "no step has run"; failed+=("all"); }
echo "failed: ${failed[*]:-none}"
[ ${#failed[@]} -eq 0 ]
