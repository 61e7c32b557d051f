"""One form for every kernel of the corpus: what to compile, for which target, with which options."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from triton.compiler import ASTSource

Path = tuple[int, ...]


@dataclass(frozen=True)
class Entry:
    """A kernel with everything that `triton.compile` asks for.

    `name` is unique and names the test; `package` is "own" or the third-party distribution that the kernel
    comes from; `arch` is the compute capability without its dot (90 is Hopper).
    """

    name: str
    package: str
    arch: int
    options: dict[str, Any]
    make_source: Callable[[], ASTSource] = field(repr=False)

    @property
    def third_party(self) -> bool:
        return self.package != "own"


_OWN: dict[str, Entry] = {}


def source_for(fn: Any, signature: dict[str, str], constexprs: dict[str, Any]) -> ASTSource:
    """A compile source for the JIT function `fn`.

    `signature` maps run-time arguments to a type: "*bf16", "i32", "tensordesc<bf16[64, 64]>"; a trailing ":16"
    says that the value is divisible by 16. `constexprs` maps the remaining arguments to values, None among them.
    Arguments named in neither must have a default, which makes them constexprs.

    Raises ValueError where an argument is missing or unknown.
    """
    unknown = [name for name in (*signature, *constexprs) if name not in fn.arg_names]
    if unknown:
        raise ValueError(f"{fn.__name__} has no argument {', '.join(unknown)}; it has {', '.join(fn.arg_names)}")
    types: dict[str, str] = {}
    constants: dict[Path, Any] = {}
    attrs: dict[Path, list[list[Any]]] = {}
    for index, param in enumerate(fn.params):
        if param.name in signature:
            kind, _, divisor = signature[param.name].partition(":")
            types[param.name] = kind
            if divisor:
                attrs[(index,)] = [["tt.divisibility", int(divisor)]]
        elif param.name in constexprs:
            types[param.name] = "constexpr"
            constants[(index,)] = constexprs[param.name]
        elif param.has_default:
            types[param.name] = "constexpr"
            constants[(index,)] = param.default
        else:
            raise ValueError(f"{fn.__name__}: argument {param.name} has neither a type nor a value")
    if fn.is_gluon():
        from triton.experimental.gluon._runtime import GluonASTSource

        return GluonASTSource(fn, types, constants, attrs)
    return ASTSource(fn, types, constants, attrs)


def kernel(
    signature: dict[str, str] | str,
    *,
    arch: int = 90,
    suffix: str = "",
    options: dict[str, Any] | None = None,
    **constexprs: Any,
) -> Callable[[Any], Any]:
    """Decorator: put a kernel of our own into the corpus.

    `signature` is a dict as for `source_for`, or its short form: "x y: *fp32:16; n: i32".
    """
    types = _parse_signature(signature) if isinstance(signature, str) else signature

    def add(fn: Any) -> Any:
        name = f"{fn.__name__}{suffix}" if arch == 90 else f"{fn.__name__}{suffix}_sm{arch}"
        if name in _OWN:
            raise ValueError(f"two corpus kernels are called {name}")
        _OWN[name] = Entry(name, "own", arch, options or {}, lambda: source_for(fn, types, constexprs))
        return fn

    return add


def _parse_signature(text: str) -> dict[str, str]:
    types = {}
    for group in filter(None, (part.strip() for part in text.split(";"))):
        names, _, kind = group.partition(":")
        for name in names.split():
            types[name] = kind.strip()
    return types


@lru_cache
def entries() -> dict[str, Entry]:
    """Every entry of the corpus by name, own kernels first."""
    import corpus
    from corpus import recipes

    for module in pkgutil.iter_modules(corpus.__path__):
        if module.name.startswith("kernels_"):
            importlib.import_module(f"corpus.{module.name}")
    found = dict(_OWN)
    for entry in recipes.load_all():
        if entry.name in found:
            raise ValueError(f"two corpus kernels are called {entry.name}")
        found[entry.name] = entry
    return found


def own() -> Iterator[Entry]:
    """The kernels written for this corpus."""
    return (entry for entry in entries().values() if not entry.third_party)


def third_party() -> Iterator[Entry]:
    """The kernels of third-party packages."""
    return (entry for entry in entries().values() if entry.third_party)
