"""Recipes: how to compile kernels of third-party packages without running their host code.

A recipe file names one package, the version that it was made for, and for each kernel its module, name,
argument types, compile-time values and options. The kernels themselves stay in the installed package.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import triton.language as tl
from triton.compiler import ASTSource
from triton.runtime.jit import JITFunction

from corpus.registry import Entry, source_for

FOLDER = Path(__file__).parent / "recipes"


def unwrap(kernel: Any) -> JITFunction:
    """The JIT function inside autotuners and heuristics."""
    while not isinstance(kernel, JITFunction):
        kernel = kernel.fn
    return kernel


def encode(recipe: dict[str, Any]) -> str:
    """A recipe as one line of JSON. Raises TypeError on a value that JSON and the forms below cannot hold."""

    def default(value: Any) -> Any:
        if isinstance(value, tl.dtype):
            return {"dtype": value.name}
        if isinstance(value, tl.constexpr):
            return value.value
        if isinstance(value, JITFunction):
            return {"jit": f"{value.__module__}:{value.__name__}"}
        raise TypeError(f"a recipe cannot hold {value!r}")

    return json.dumps(recipe, default=default)


def decode(line: str) -> dict[str, Any]:
    """Inverse of `encode`; leaves JIT functions as {"jit": name} until `load_value`."""
    return json.loads(line)


def load_value(value: Any) -> Any:
    """A compile-time value as the kernel wants it."""
    if isinstance(value, dict):
        if "dtype" in value:
            return tl.dtype(value["dtype"])
        if "jit" in value:
            module, name = value["jit"].split(":")
            return unwrap(getattr(importlib.import_module(module), name))
        raise ValueError(f"unknown form of a recipe's value: {value}")
    return tuple(map(load_value, value)) if isinstance(value, list) else value


def source(recipe: dict[str, Any]) -> ASTSource:
    """The compile source of a recipe; imports the kernel's module."""
    fn = unwrap(getattr(importlib.import_module(recipe["module"]), recipe["kernel"]))
    constexprs = {name: load_value(value) for name, value in recipe["constexprs"].items()}
    return source_for(fn, recipe["signature"], constexprs)


@lru_cache
def check_version(package: str, wanted: str) -> None:
    """Raises RuntimeError when the installed version is not the one that the recipes were made for."""
    installed = version(package)
    if installed != wanted:
        raise RuntimeError(f"{package} {installed} is installed, the recipes were made for {wanted}")


def load_all() -> Iterator[Entry]:
    """Entries of every recipe file."""
    for path in sorted(FOLDER.glob("*.json")):
        data = json.loads(path.read_text())
        for recipe in data["kernels"]:

            def make_source(recipe: dict[str, Any] = recipe, data: dict[str, Any] = data) -> ASTSource:
                check_version(data["package"], data["version"])
                return source(recipe)

            name = f"{data['package']}.{recipe['kernel']}"
            yield Entry(name, data["package"], recipe.get("arch", 90), recipe["options"], make_source)
