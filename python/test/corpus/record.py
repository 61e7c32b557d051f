"""Turn the launches of a kernel package into recipes, without a GPU.

While `Recorder` is active, Triton believes in a Hopper GPU, and a launch writes down what it would compile
instead of compiling it. Calls then go through a package's public functions on small CPU tensors; the numbers
they compute are garbage and do not matter. See docs/testing.md for how to refresh the recipes.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import json
import sys
import traceback
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any
from unittest import mock

import torch
import triton
from triton.backends.compiler import GPUTarget
from triton.runtime import autotuner
from triton.runtime.driver import driver
from triton.runtime.jit import JITFunction

from corpus import recipes


class _HopperUtils:
    """Device properties that kernel packages ask Triton's driver for (H100 values)."""

    @staticmethod
    def get_device_properties(device: int) -> dict[str, int]:
        return {
            "max_shared_mem": 232448,
            "max_num_regs": 65536,
            "multiprocessor_count": 132,
            "warpSize": 32,
            "sm_clock_rate": 1980000,
            "mem_clock_rate": 2619000,
            "mem_bus_width": 5120,
        }


class _HopperDriver:
    """A driver that names a target and launches nothing."""

    utils = _HopperUtils()

    def get_current_target(self) -> GPUTarget:
        return GPUTarget("cuda", 90, 32)

    def get_active_torch_device(self) -> torch.device:
        return torch.device("cpu")

    def get_device_interface(self) -> Any:
        return torch.cuda

    def get_current_device(self) -> int:
        return 0

    def set_current_device(self, device: int) -> None:
        pass

    def get_current_stream(self, device: int) -> int:
        return 0

    def get_device_capability(self, device: int = 0) -> tuple[int, int]:
        return (9, 0)


def _zeroed(create: Callable[..., torch.Tensor]) -> Callable[..., torch.Tensor]:
    return lambda *args, **kwargs: create(*args, **kwargs).zero_()


class _Kernel:
    """What a launch returns: some packages look at a compiled kernel's figures to size their grid."""

    n_regs, n_spills, shared, num_warps, num_ctas = 64, 0, 16384, 4, 1

    def _init_handles(self) -> None:
        pass


class Recorder:
    """Collects one recipe for each kernel that is launched while `recording` is entered."""

    def __init__(self, package: str, modules: tuple[str, ...]) -> None:
        self.package = package
        self.modules = modules
        self.found: dict[str, dict[str, Any]] = {}
        self.rejected: dict[str, str] = {}

    @contextlib.contextmanager
    def recording(self) -> Iterator[Recorder]:
        def run(fn: JITFunction, *args: Any, grid: Any, warmup: bool, **kwargs: Any) -> _Kernel:
            self._record(fn, args, kwargs)
            return _Kernel()

        def run_first_config(tuner: autotuner.Autotuner, *args: Any, **kwargs: Any) -> Any:
            tuner.nargs = dict(zip(tuner.arg_names, args))
            config = tuner.prune_configs(kwargs)[0]
            tuner.best_config = config
            if config.pre_hook is not None:
                config.pre_hook({**tuner.nargs, **kwargs, **config.all_kwargs()})
            return tuner.fn.run(*args, **{**kwargs, **config.all_kwargs()})

        properties = mock.Mock(
            multi_processor_count=132, major=9, minor=0, total_memory=80 << 30, shared_memory_per_multiprocessor=233472
        )
        properties.name = "NVIDIA H100"
        before = driver._active
        driver.set_active(_HopperDriver())
        patches = [
            mock.patch.object(JITFunction, "run", run),
            mock.patch.object(autotuner.Autotuner, "run", run_first_config),
            mock.patch.object(torch.cuda, "is_available", lambda: True),
            mock.patch.object(torch.cuda, "current_device", lambda: 0),
            mock.patch.object(torch.cuda, "device_count", lambda: 1),
            mock.patch.object(torch.cuda, "device", lambda index: contextlib.nullcontext()),
            mock.patch.object(torch.cuda, "synchronize", lambda *args: None),
            mock.patch.object(torch.cuda, "get_device_capability", lambda *args: (9, 0)),
            mock.patch.object(torch.cuda, "get_device_properties", lambda *args: properties),
            mock.patch.object(torch.cuda, "get_device_name", lambda *args: "NVIDIA H100"),
            mock.patch.object(torch.Tensor, "is_cuda", True),
            # Sizes that a package reads back from a launch's output: the same in every run.
            mock.patch.object(torch, "empty", _zeroed(torch.empty)),
            mock.patch.object(torch, "empty_like", _zeroed(torch.empty_like)),
        ]
        with contextlib.ExitStack() as stack:
            for patch in patches:
                stack.enter_context(patch)
            try:
                yield self
            finally:
                driver._active = before

    def _record(self, fn: JITFunction, args: tuple, kwargs: dict[str, Any]) -> None:
        name = fn.__name__
        if name in self.found or not fn.__module__.startswith(self.modules):
            return
        kwargs.setdefault("debug", fn.debug)
        try:
            found = self._recipe(fn, args, kwargs)
            self.found[name] = recipes.decode(recipes.encode(found)) and found
        except (TypeError, ValueError, KeyError, AttributeError) as error:
            self.rejected[name] = f"{type(error).__name__}: {error}"

    def _recipe(self, fn: JITFunction, args: tuple, kwargs: dict[str, Any]) -> dict[str, Any]:
        owner = importlib.import_module(fn.__module__)
        if recipes.unwrap(getattr(owner, fn.__name__)) is not fn:
            raise ValueError(f"{fn.__module__}.{fn.__name__} is another kernel")
        _, _, _, backend, binder = fn.create_binder()
        bound, specialization, options = binder(*args, **kwargs)
        _, types, constexprs, attrs = fn._pack_args(backend, kwargs, bound, specialization, options)
        signature, values = {}, {}
        for index, param in enumerate(fn.params):
            kind = types[param.name]
            if kind == "constexpr":
                values[param.name] = constexprs[(index,)]
            elif isinstance(kind, str):
                divisors = [value for key, value in attrs.get((index,), ()) if key == "tt.divisibility"]
                signature[param.name] = kind + (f":{divisors[0]}" if divisors else "")
            else:
                raise ValueError(f"argument {param.name} is a tuple")
        names = {param.name for param in fn.params}
        extra = {k: v for k, v in kwargs.items() if k not in names and v not in (None, False)}
        return {
            "kernel": fn.__name__,
            "module": fn.__module__,
            "signature": signature,
            "constexprs": values,
            "options": extra,
        }

    def write(self, folder: Path, keep: Callable[[str], bool]) -> Path:
        """Write the recipes whose kernel name `keep` accepts, one a line, sorted by module and name."""
        kernels = sorted((r for n, r in self.found.items() if keep(n)), key=lambda r: (r["module"], r["kernel"]))
        lines = ",\n".join(recipes.encode(recipe) for recipe in kernels)
        path = folder / f"{self.package}.json"
        head = f'"package": {json.dumps(self.package)}, "version": {json.dumps(version(self.package))}'
        path.write_text(f'{{{head}, "kernels": [\n{lines}\n]}}\n')
        return path


def attempt(call: Callable[[], Any], label: str) -> None:
    """Run one library call; say why it failed, and go on."""
    try:
        call()
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        print(
            f"  {label}: {type(error).__name__}: {str(error)[:160]} ({where.filename}:{where.lineno})", file=sys.stderr
        )


def main(arguments: list[str]) -> None:
    """`python -m corpus.record PACKAGE...`: record the packages named, or all that record_calls knows."""
    from corpus import record_calls

    known = list(record_calls.PACKAGES)
    parser = argparse.ArgumentParser(prog="corpus.record", description=__doc__.splitlines()[0])
    parser.add_argument("package", nargs="*", help=f"of {', '.join(known)} (default: all)")
    packages = parser.parse_args(arguments).package or known
    for package in packages:
        if package not in known:
            parser.error(f"package must be one of {', '.join(known)}, got {package}")
    print(f"triton {triton.__version__}, torch {torch.__version__}")
    for package in packages:
        calls, modules = record_calls.PACKAGES[package]
        recorder = Recorder(package, modules)
        with recorder.recording():
            for label, call in calls():
                attempt(call, label)
        path = recorder.write(recipes.FOLDER, lambda name: name not in record_calls.LEFT_OUT)
        print(f"{package}: {len(recorder.found)} kernels seen, written to {path}")
        for name, why in recorder.rejected.items():
            print(f"  {name}: {why}", file=sys.stderr)


if __name__ == "__main__":
    main(sys.argv[1:])
