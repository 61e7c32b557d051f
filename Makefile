# The two commands of the README are `make demo` and `make test`; the rest are their parts.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.ONESHELL:
.DEFAULT_GOAL := help

VENV ?= .venv
BUILD ?= build
PY := $(CURDIR)/$(VENV)/bin/python
BUILD_TYPE ?= Release
JOBS ?= $(shell nproc)
# Every Python whose binding the build makes; the add-on wheels are made for each.
PYTHONS ?= $(shell tools/find_pythons.sh $(PY))
export PYTHONPATH := $(CURDIR)/python

.PHONY: help setup build demo test lit pytest sanitize fuzz wheel custom-wheel wheel-test docs figures format lint clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

setup: ## apt packages and .venv
	@tools/setup.sh $(VENV)

build: setup ## native library, tools and bindings
	@echo "[build] $(BUILD_TYPE) into $(BUILD)"
	pythons=$$(tools/find_pythons.sh $(PY) | tr ' ' ';')
	if [ "$$(cat $(BUILD)/.configured 2>/dev/null)" != "$(BUILD_TYPE) $$pythons" ]; then
	  cmake -S . -B $(BUILD) -G Ninja -DCMAKE_BUILD_TYPE=$(BUILD_TYPE) -DTRITON_TLE_PYTHONS="$$pythons" \
	    >$(BUILD).log 2>&1 || { cat $(BUILD).log; exit 1; }
	  echo "$(BUILD_TYPE) $$pythons" >$(BUILD)/.configured
	fi
	cmake --build $(BUILD) -j $(JOBS)
	ln -sfn $(CURDIR)/$(BUILD)/python/triton_tle/libTritonTLE.so python/triton_tle/libTritonTLE.so
	for so in $(BUILD)/python/triton_tle/_native.*.so; do ln -sfn $(CURDIR)/$$so python/triton_tle/; done

demo: build ## the forward tutorial: the benchmark on a GPU, else interpreter numerics and a compile for sm_90a
	@tutorial=python/tutorials/tle/deepseek_v32/02-sparse-mla.py
	if $(PY) -c 'import torch; raise SystemExit(not torch.cuda.is_available())'; then
	  echo "[demo] GPU found: checks and benchmark"
	  $(PY) $$tutorial --out $(BUILD)/demo
	else
	  echo "[demo 1/3] no GPU: numerics in the interpreter"
	  TRITON_INTERPRET=1 $(PY) $$tutorial --interpret
	  echo "[demo 2/3] compile for sm_90a"
	  $(PY) $$tutorial --compile-only
	  echo "[demo 3/3] resource report"
	  $(PY) -m triton_tle report sparse_mla_fwd --arch sm_90a
	fi

test: build ## every test that needs no GPU: lit, pytest, wheels
	@start=$$SECONDS
	echo "[test 1/3] lit"; $(MAKE) --no-print-directory lit-only
	echo "[test 2/3] wheels in fresh environments"; $(MAKE) --no-print-directory wheel-test-only
	echo "[test 3/3] pytest"; $(MAKE) --no-print-directory pytest-only
	echo "[test] passed in $$((SECONDS - start)) s"

lit: build lit-only ## lit and FileCheck suite
pytest: build pytest-only ## Python tests

.PHONY: lit-only pytest-only
lit-only:
	@$(PY) -c 'from lit.main import main; main()' -sv --order=smart -j $(JOBS) $(BUILD)/test
pytest-only:
	@$(PY) -m pytest python/test -q -n $(JOBS) --dist worksteal --ignore python/test/gpu

SANITIZE_BUILD ?= build-sanitize
FUZZ_SECONDS ?= 1800

.PHONY: sanitize-build
sanitize-build: setup
	@[ -n "$$(ls /usr/lib/llvm-22/lib/clang/22/lib/linux/libclang_rt.fuzzer-*.a 2>/dev/null)" ] || \
	  { echo "[sanitize] no sanitizer runtimes: apt-get install libclang-rt-22-dev" >&2; exit 1; }
	[ -e $(SANITIZE_BUILD)/build.ninja ] || cmake -S . -B $(SANITIZE_BUILD) -G Ninja -DCMAKE_BUILD_TYPE=Debug \
	  "-DCMAKE_CXX_FLAGS_DEBUG=-O1 -gline-tables-only" "-DTRITON_TLE_SANITIZE=address;undefined;fuzzer" \
	  -DTRITON_TLE_PYTHONS=$(PY) >$(SANITIZE_BUILD).log 2>&1 || { cat $(SANITIZE_BUILD).log; exit 1; }
	cmake --build $(SANITIZE_BUILD) -j $(JOBS) --target tle-opt tle-fuzz

sanitize: build sanitize-build ## lit suite with AddressSanitizer, UBSan and assertions
	@$(PY) -c 'from lit.main import main; main()' -sv --order=smart -j $(JOBS) $(SANITIZE_BUILD)/test

fuzz: build sanitize-build ## libFuzzer on the parser and every pass, for FUZZ_SECONDS (1800)
	@$(PY) tools/fuzz.py --binary $(SANITIZE_BUILD)/bin/tle-fuzz --seconds $(FUZZ_SECONDS) --jobs $(JOBS)

wheel: build ## add-on wheels triton-tle, one per Python, into dist/
	@for python in $(PYTHONS); do
	  echo "[wheel] add-on for $$($$python --version)"
	  tools/build_wheel.sh $$python $(BUILD) dist
	done
	ls -1 dist/triton_tle-*.whl

custom-wheel: wheel ## triton 3.6.0 with TLE inside, one per Python, into dist/
	@for addon in dist/triton_tle-*.whl; do
	  echo "[wheel] custom wheel from $$addon"
	  $(PY) tools/custom_wheel.py --addon $$addon --out dist
	done

wheel-test: build wheel-test-only ## both wheels for .venv's Python, each in a fresh environment

.PHONY: wheel-test-only
wheel-test-only:
	@scratch=$$(mktemp -d); trap 'rm -rf $$scratch' EXIT
	tools/build_wheel.sh $(PY) $(BUILD) $$scratch
	addon=$$(ls $$scratch/triton_tle-*.whl)
	echo "[wheel] custom wheel from $$(basename $$addon)"
	custom=$$($(PY) tools/custom_wheel.py --addon $$addon --out $$scratch)
	tools/wheel_test.sh $(PY) $$addon $$custom

docs: setup ## pages of docs/passes, from the declarations of the passes
	@$(PY) tools/pass_pages.py

figures: setup ## figures of README and docs, from the JSON files of docs/results
	@$(PY) tools/page_figures.py

format: setup ## clang-format and ruff format
	@git ls-files '*.cpp' '*.h' | xargs -r clang-format-22 -i
	$(PY) -m ruff format python tools

lint: setup ## ruff and clang-format, checking only
	@$(PY) -m ruff check python tools
	$(PY) -m ruff format --check python tools
	git ls-files '*.cpp' '*.h' | xargs -r clang-format-22 --dry-run -Werror

clean: ## remove build products, keep .venv
	@rm -rf $(BUILD) $(BUILD).log $(SANITIZE_BUILD) $(SANITIZE_BUILD).log dist
