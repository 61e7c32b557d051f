"""Compiles kernels as far as TTIR, with stock Triton only."""

import re

import pytest
from triton._C.libtriton import ir
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource
from triton.compiler.compiler import make_backend
from triton.compiler.errors import CompilationError


def ttir(kernel, signature, constants=None, capability=90, optimize=True, **options):
    """The TTIR module of `kernel`, after stock's TTIR passes with `optimize`.

    Args:
        kernel: a `@triton.jit` function.
        signature: the type of each parameter, such as ``{"x": "*bf16", "n": "i32"}``; those of `constants` are added.
        constants: values of the constexpr parameters.
    """
    constants = constants or {}
    target = GPUTarget("cuda", capability, 32)
    source = ASTSource(kernel, signature | dict.fromkeys(constants, "constexpr"), constants)
    source.hash()  # What a launch does first: looks through the names that the kernel uses.
    backend = make_backend(target)
    options = backend.parse_options(options)
    context = ir.context()
    ir.load_dialects(context)
    backend.load_dialects(context)
    implementation = backend.get_codegen_implementation(options)
    module = source.make_ir(target, options, implementation, backend.get_module_map(), context)
    return backend.make_ttir(module, {}, options, capability) if optimize else module


def ttir_text(*args, **kwargs):
    """The TTIR of a kernel as text, without locations."""
    return ttir(*args, **kwargs).str_nodebug()


def ttir_with_locations(*args, **kwargs):
    """The TTIR of a kernel as text, with locations."""
    return str(ttir(*args, **kwargs))


def check_mistake(kernel, signature):
    """The frontend refuses `kernel` at its line that ends in ``# error: ...``, with a message that this matches."""
    ((mark, expected),) = re.findall(r"(# error: (.*))", kernel.src)
    with pytest.raises(CompilationError) as raised:
        ttir(kernel, signature)
    error = raised.value
    line = error.src.splitlines()[error.node.lineno - 1]
    assert mark in line, f"the error is at: {line}\n{error}"
    assert re.search(expected, error.error_message), error.error_message
