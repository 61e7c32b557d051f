"""Three mends of Triton 3.6's interpreter (TRITON_INTERPRET=1), made when this module is imported.

- A loop with run-time bounds: the interpreter keeps a scalar as an array of one element and hands `range`
  its `int(array)`, which NumPy 2.4 refuses for arrays that are not 0-dimensional.
- `tl.dot` of bfloat16: the interpreter keeps bfloat16 as its bits in uint16, and multiplies those.
- float32 to bfloat16: the interpreter truncates where the GPU rounds to nearest even.
"""

from __future__ import annotations

import functools

import numpy as np
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
        nearest = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16
        return np.where(np.isnan(data), (bits >> 16) | 0x40, nearest).astype(np.uint16)

    interpreter._convert_float = convert_nearest


if triton.knobs.runtime.interpret:
    from triton.runtime import interpreter as _interpreter

    _mend_scalar_index(_interpreter)
    _mend_bfloat16_dot(_interpreter)
    _mend_bfloat16_rounding(_interpreter)
