"""Runs the kernels of the numerics tests where there is something to run them on: in Triton's interpreter, on a GPU,
or, with TLE_TEST_COMPILE_ONLY=1, nowhere."""

import os

import torch
import triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource
from triton.tools.tensor_descriptor import TensorDescriptor

COMPILE_ONLY = os.environ.get("TLE_TEST_COMPILE_ONLY") == "1"
CAPABILITY = int(os.environ.get("TLE_TEST_CAPABILITY", "90"))
DTYPES = {
    torch.float16: "fp16",
    torch.bfloat16: "bf16",
    torch.float8_e5m2: "fp8e5",
    torch.float32: "fp32",
    torch.float64: "fp64",
    torch.int8: "i8",
    torch.uint8: "u8",
    torch.int16: "i16",
    torch.int32: "i32",
    torch.int64: "i64",
}


class CompiledOnly(Exception):
    """The kernel was compiled, but there is nothing to run it on: the test is over. Holds the compiled kernel."""


def launch(kernel, *args, programs=1):
    """Runs `kernel` over a grid of `programs`. Tensors are on the CPU, before and after.

    Raises:
        CompiledOnly: there is nothing to run it on; it has been compiled.
    """
    if triton.knobs.runtime.interpret:
        kernel[(programs,)](*args)
    elif COMPILE_ONLY:
        raise CompiledOnly(compiled(kernel, args))
    else:
        moved = [_to_gpu(arg) for arg in args]
        kernel[(programs,)](*moved)
        for arg, device in zip(args, moved, strict=True):
            if isinstance(arg, TensorDescriptor):
                arg, device = arg.base, device.base
            if isinstance(arg, torch.Tensor):
                arg.copy_(device)


def compiled(kernel, args, capability=CAPABILITY, **options):
    """`kernel` compiled for these arguments, as a launch would, on a machine that may have no GPU."""
    signature, constants, attributes = {}, {}, {}
    for i, (parameter, value) in enumerate(zip(kernel.params, args, strict=True)):
        aligned = [["tt.divisibility", 16]]
        if parameter.is_constexpr or (isinstance(value, int) and value == 1):
            signature[parameter.name], constants[(i,)] = "constexpr", value
        elif isinstance(value, torch.Tensor):
            signature[parameter.name], attributes[(i,)] = f"*{DTYPES[value.dtype]}", aligned
        elif isinstance(value, TensorDescriptor):
            extents = ", ".join(map(str, value.block_shape))
            signature[parameter.name] = f"tensordesc<{DTYPES[value.base.dtype]}[{extents}]>"
        elif isinstance(value, int):
            signature[parameter.name] = "i32"
            if value % 16 == 0:
                attributes[(i,)] = aligned
        else:
            signature[parameter.name] = "fp32"
    source = ASTSource(kernel, signature, constants, attributes)
    return triton.compile(source, target=GPUTarget("cuda", capability, 32), options=options)


def _to_gpu(value):
    if isinstance(value, torch.Tensor):
        return value.cuda()
    if isinstance(value, TensorDescriptor):
        return TensorDescriptor(value.base.cuda(), value.shape, value.strides, value.block_shape, value.padding)
    return value
