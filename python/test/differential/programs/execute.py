"""Runs a program, or compiles it, and compares what it gives with the evaluation."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
import triton
from triton_tle.compiler import bridge, sass

from . import source
from .generate import PROGRAMS, Program
from .nodes import PLAIN, TLE

POINTERS = {
    "float32": "*fp32",
    "float16": "*fp16",
    "bfloat16": "*bf16",
    "float8e5": "*fp8e5",
    "int32": "*i32",
}
WRONG_CODE = "ptxas reads an unwritten register"
# A way to compile a program: its form and TRITON_TLE.
WAYS = {"stock": (PLAIN, "0"), "tle": (TLE, None), "plain through tle": (PLAIN, "1")}


@contextmanager
def tle_mode(value: str | None):
    """TRITON_TLE for a while."""
    before = os.environ.pop("TRITON_TLE", None)
    if value is not None:
        os.environ["TRITON_TLE"] = value
    try:
        yield
    finally:
        os.environ.pop("TRITON_TLE", None)
        if before is not None:
            os.environ["TRITON_TLE"] = before


def tensors(program: Program, device: str) -> dict[str, torch.Tensor]:
    """The arguments in memory, fresh."""
    return {
        name: torch.from_numpy(array).to(dtype.torch).to(device).contiguous()
        for name, (dtype, array) in program.memory.items()
    }


def launch(kernel, program: Program, device: str) -> tuple[dict[str, torch.Tensor], dict[str, Any] | None]:
    """Runs a kernel of the program's module; its outputs, on the CPU in float64, and its code, if it was compiled."""
    arguments = tensors(program, device)
    compiled = kernel[(PROGRAMS,)](
        *arguments.values(), program.n, num_warps=program.num_warps, num_stages=program.num_stages
    )
    if device != "cpu":
        torch.cuda.synchronize()
    outs = {name: arguments[name].cpu().to(torch.float64) for name in program.outs}
    return outs, None if device == "cpu" else compiled.asm


def compile_only(kernel, program: Program, capability: int):
    """The kernel compiled as a launch would, without a GPU."""
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource

    signature = {name: POINTERS[dtype.name] for name, (dtype, _) in program.memory.items()}
    attributes = {(i,): [["tt.divisibility", 16]] for i in range(len(signature))}
    signature["n"] = "i32"
    constants = {}
    if program.n == 1:  # as the launcher does
        signature["n"], constants = "constexpr", {(len(program.memory),): 1}
    elif program.n == 0:
        attributes[(len(program.memory),)] = [["tt.divisibility", 16]]
    options = {"num_warps": program.num_warps, "num_stages": program.num_stages}
    target = GPUTarget("cuda", capability, 32)
    return triton.compile(ASTSource(kernel, signature, constants, attributes), target=target, options=options)


def differences(got: dict[str, torch.Tensor], program: Program, expected=None) -> list[str]:
    """What is wrong with some outputs, in words: nothing, if each element is within its bound."""
    expected = expected or program.expected()
    found = []
    for name, result in got.items():
        value, error = (torch.from_numpy(array) for array in (expected[name].value, expected[name].error))
        # The comparison itself must not fail on a bound's own rounding.
        wrong = ~((result - value).abs() <= error * 1.001)
        if wrong.any():
            at = int(wrong.nonzero()[0])
            found.append(
                f"{name}: {int(wrong.sum())} of {wrong.numel()} elements wrong; "
                f"[{at}] is {result[at]}, expected {value[at]} within {error[at]:.3g}"
            )
    return found


def check(
    program: Program, folder: Path, device: str = "cpu", ways=tuple(WAYS), fault: tuple[str, str] | None = None
) -> dict[str, list[str]]:
    """Runs a program in several ways; for each, what is wrong, with the exception where there was one.

    A wrong result is followed by what is wrong with the machine code, where that can be told.

    In the interpreter the pipeline does not matter: "stock" is its plain form, "tle" its TLE form. `fault` is a
    pattern in the TLE form and its replacement, with which the program must be found wrong.
    """
    module = source.load(source.write(program, folder, fault))
    expected = program.expected()
    result = {}
    for way in ways:
        form, mode = WAYS[way]
        try:
            with tle_mode(mode):
                got, asm = launch(getattr(module, f"{form}_form"), program, device)
            result[way] = differences(got, program, expected)
            if result[way] and asm is not None:
                result[way] += wrong_code(asm)
        except Exception as error:
            result[way] = [f"{type(error).__name__}: {_message(error)}"]
            if "CUDA error" in str(error) or "illegal memory" in str(error):
                raise
    return result


def compile_ways(program: Program, folder: Path, targets: list[tuple[str, int]]) -> dict[str, list[str]]:
    """Compiles a program for (way, capability) pairs; for each, the exception's message or nothing."""
    module = source.load(source.write(program, folder))
    result = {}
    for way, capability in targets:
        form, mode = WAYS[way]
        name = f"{way}, sm_{capability}"
        result[name] = []
        try:
            with tle_mode(mode):
                kernel = compile_only(getattr(module, f"{form}_form"), program, capability)
            if mode != "0":
                result[name] = missing_fences(kernel.asm["ttgir"], capability) + wrong_code(kernel.asm)
        except Exception as error:
            result[name] = [f"{type(error).__name__}: {_message(error)}"]
    return result


def missing_fences(ttgir: str, capability: int) -> list[str]:
    """What fence insertion would still add to a module that the stage has finished with: nothing, if none was lost.

    Modules without anything of TLE have stock's fences, which are fewer.
    """
    if capability < 90 or "tle." not in ttgir:
        return []
    flag = f"triton-nvidia-gpu-fence-insertion{{compute-capability={capability}}}"
    after, _ = bridge.native().run_passes(ttgir, flag)
    missing = after.count("tle.wgmma_shared_operand_fence")
    return [f"{missing} fences are missing"] if missing else []


def wrong_code(asm: dict[str, Any]) -> list[str]:
    """Instructions that read what nothing wrote: the PTX may be right, the kernel is not.

    Only descriptors of WGMMA are known to come to this; other kernels are not disassembled, which takes 0.3 s.
    """
    if "wgmma.mma_async" not in asm["ptx"]:
        return []
    cubin = asm["cubin"]
    return [f"{WRONG_CODE}: {text}" for text in sass.unwritten_uniforms(sass.disassemble(cubin))]


def _message(error: Exception) -> str:
    text, cause = str(error), error.__cause__
    while cause is not None:
        text, cause = f"{text} <- {cause}", cause.__cause__
    return text[:2000]
