"""Four mends of Triton 3.6's interpreter (TRITON_INTERPRET=1), made when this module is imported.

- A loop with run-time bounds: the interpreter keeps a scalar as an array of one element and hands `range`
  its `int(array)`, which NumPy 2.4 refuses for arrays that are not 0-dimensional.
- `tl.dot` of bfloat16: the interpreter keeps bfloat16 as its bits in uint16, and multiplies those.
- float32 to bfloat16: the interpreter truncates where the GPU rounds to nearest even, unless asked to truncate.
- float32 to float8: the interpreter loses what is carried out of the mantissa (1.95 becomes 1); ties go away from 0.
"""

from __future__ import annotations

import functools

import numpy as np
import torch
import triton
import triton.language as tl


def _mend_scalar_index(interpreter: object) -> None:
    patch_tensor = interpreter._patch_lang_tensor

    @functools.wraps(patch_tensor)
    def patch_tensor_and_index(tensor: type, scope: object) -> None:
        patch_tensor(tensor, scope)
        scope.set_attr(tensor, "__index__", lambda self: int(self.handle.data.item()))

    interpreter._patch_lang_tensor = patch_tensor_and_index


def _mend_bfloat16_dot(interpreter: object) -> None:
    create_dot = interpreter.InterpreterBuilder.create_dot

    def widen(operand: object) -> object:
        if operand.dtype.scalar != tl.bfloat16:
            return operand
        bits = operand.data.astype(np.uint32) << 16
        return interpreter.TensorHandle(bits.view(np.float32), tl.float32)

    @functools.wraps(create_dot)
    def create_dot_widened(self: object, a: object, b: object, *rest: object) -> object:
        return create_dot(self, widen(a), widen(b), *rest)

    interpreter.InterpreterBuilder.create_dot = create_dot_widened


def _mend_bfloat16_rounding(interpreter: object) -> None:
    convert = interpreter._convert_float

    @functools.wraps(convert)
    def convert_nearest(data: np.ndarray, source: object, target: object, rounding_mode: object) -> np.ndarray:
        if target != tl.bfloat16 or source != tl.float32:
            return convert(data, source, target, rounding_mode)
        bits = data.view(np.uint32)
        cut = rounding_mode == interpreter._ir.ROUNDING_MODE.RTZ
        rounded = bits if cut else bits + 0x7FFF + ((bits >> 16) & 1)
        return np.where(np.isnan(data), (bits >> 16) | 0x40, rounded >> 16).astype(np.uint16)

    interpreter._convert_float = convert_nearest


def _mend_float8_rounding(interpreter: object) -> None:
    convert = interpreter._convert_float
    kinds = {tl.float8e5: torch.float8_e5m2, tl.float8e4nv: torch.float8_e4m3fn}

    @functools.wraps(convert)
    def convert_carrying(data: np.ndarray, source: object, target: object, rounding_mode: object) -> np.ndarray:
        nearest = rounding_mode == interpreter._ir.ROUNDING_MODE.RTNE
        if target not in kinds or source != tl.float32 or not nearest:
            return convert(data, source, target, rounding_mode)
        kind = kinds[target]
        largest = torch.finfo(kind).max  # where the GPU stops, infinity included
        values = torch.from_numpy(np.array(data, np.float32)).clamp(-largest, largest)
        return values.to(kind).view(torch.uint8).numpy()

    interpreter._convert_float = convert_carrying


if triton.knobs.runtime.interpret:
    from triton.runtime import interpreter as _interpreter

    _mend_scalar_index(_interpreter)
    _mend_bfloat16_dot(_interpreter)
    _mend_bfloat16_rounding(_interpreter)
    _mend_float8_rounding(_interpreter)
