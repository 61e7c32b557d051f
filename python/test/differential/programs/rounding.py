"""Numbers with a bound of their error: what a program must compute, and how far rounding may take it from that.

Inputs are small integers, so most programs are exact: their error is 0 and results must be equal.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch


@dataclass(frozen=True)
class DType:
    """An element type. `unit` is half the distance of neighbours relative to a value, `tiny` that of the smallest.

    Integers up to `exact` are represented.
    """

    name: str
    torch: torch.dtype
    unit: float
    tiny: float
    exact: int

    @property
    def tl(self) -> str:
        return f"tl.{self.name}"


F32 = DType("float32", torch.float32, 2.0**-24, 2.0**-150, 2**24)
F16 = DType("float16", torch.float16, 2.0**-11, 2.0**-25, 2**11)
BF16 = DType("bfloat16", torch.bfloat16, 2.0**-8, 2.0**-134, 2**8)
F8 = DType("float8e5", torch.float8_e5m2, 2.0**-3, 2.0**-17, 8)
I32 = DType("int32", torch.int32, 0.0, 0.0, 2**31 - 1)
FLOATS = (F16, BF16, F32, F8)


@dataclass(frozen=True)
class Number:
    """An array of values and, of the same shape, bounds of their absolute errors."""

    value: np.ndarray
    error: np.ndarray

    @property
    def magnitude(self) -> np.ndarray:
        return np.abs(self.value) + self.error

    def map(self, function) -> Number:
        """`function` of values and of errors, for what only moves elements."""
        return Number(function(self.value), function(self.error))


def exact(value) -> Number:
    """`value` without an error."""
    value = np.asarray(value, np.float64)
    return Number(value, np.zeros_like(value))


def is_represented(value: np.ndarray, dtype: DType) -> np.ndarray:
    """Where `value` is a number of `dtype`."""
    if dtype is I32:
        return value == np.rint(value)
    return torch.tensor(np.ascontiguousarray(value)).to(dtype.torch).to(torch.float64).numpy() == value


def rounded(x: Number, dtype: DType, units: float = 1.0) -> Number:
    """`x` as a number of `dtype`, after an operation that is off by `units` roundings."""
    keeps = (x.error == 0) & is_represented(x.value, dtype)
    return Number(x.value, np.where(keeps, 0.0, x.error + units * dtype.unit * x.magnitude + dtype.tiny))


def add(x: Number, y: Number, dtype: DType, sign: int = 1) -> Number:
    return rounded(Number(x.value + sign * y.value, x.error + y.error), dtype)


def multiply(x: Number, y: Number, dtype: DType) -> Number:
    error = x.error * y.magnitude + y.error * x.magnitude
    return rounded(Number(x.value * y.value, error), dtype)


def maximum(x: Number, y: Number) -> Number:
    return Number(np.maximum(x.value, y.value), np.maximum(*np.broadcast_arrays(x.error, y.error)))


def exp2(x: Number, dtype: DType) -> Number:
    """2 to the power of `x`; the hardware's is off by some units."""
    value = np.exp2(x.value)
    return Number(value, value * (np.expm1(x.error * np.log(2.0)) + 16 * dtype.unit) + dtype.tiny)


def accumulated(value, error, weight, terms: int, dtype: DType, limit: float | None = None) -> Number:
    """A sum of `terms` products in any order: `weight` is the sum of magnitudes.

    Sums of integers are exact while no partial sum leaves `limit`.
    """
    limit = dtype.exact if limit is None else limit
    keeps = (error == 0) & (weight < limit) & (value == np.rint(value))
    return Number(value, np.where(keeps, 0.0, error + 4 * (terms + 1) * dtype.unit * weight + dtype.tiny))


@dataclass
class Product:
    """What a sum needs to know of a dot among its terms: Triton turns `dot(a, b) + c` into `dot(a, b, c)`.

    `weight` is the sum of magnitudes of the dot's products, `terms` their number, `kind` the type of its sums.
    """

    weight: np.ndarray
    terms: int
    kind: DType

    def plus(self, total: Number, other: Number) -> Number:
        """`total`, which is this product and `other`, with the bound of a tensor core's sum."""
        return accumulated(total.value, total.error, self.weight + other.magnitude, self.terms + 1, self.kind)


@dataclass
class Additions:
    """Atomic additions to an array, in any order; `terms` counts those to each element.

    Each addition rounds a partial sum, whose magnitude is at most `weight`, the sum of all magnitudes. Sums of integers
    are exact while `weight` is below what the type holds.
    """

    weight: np.ndarray
    terms: np.ndarray
    integers: np.ndarray

    @staticmethod
    def to(memory: Number) -> Additions:
        """None yet, to what `memory` holds."""
        return Additions(memory.magnitude, np.zeros(memory.value.shape), _is_integer(memory))

    def add(self, part: slice, x: Number) -> None:
        self.weight[part] += x.magnitude
        self.terms[part] += 1
        self.integers[part] &= _is_integer(x)

    def error(self, dtype: DType) -> np.ndarray:
        """How far rounding may take the sums, beyond the errors of what was added."""
        rounds = self.terms * (dtype.unit * self.weight + dtype.tiny)
        return np.where(self.integers & (self.weight < dtype.exact), 0.0, rounds)


def _is_integer(x: Number) -> np.ndarray:
    return (x.error == 0) & (x.value == np.rint(x.value))


def total(x: Number, axis: int, dtype: DType) -> Number:
    error = x.error.sum(axis)
    if not _integers(x):
        error = error + np.finfo(np.float64).tiny
    return accumulated(x.value.sum(axis), error, x.magnitude.sum(axis), x.value.shape[axis], dtype)


def running_total(x: Number, axis: int, reverse: bool, dtype: DType) -> Number:
    """The exclusive cumulative sum."""

    def before(array):
        array = np.flip(array, axis) if reverse else array
        sums = np.cumsum(array, axis) - array
        return np.flip(sums, axis) if reverse else sums

    weight = x.magnitude.sum(axis, keepdims=True) * np.ones_like(x.value)
    error = before(x.error) + (0.0 if _integers(x) else 4 * np.finfo(np.float64).eps * weight)
    return accumulated(before(x.value), error, weight, x.value.shape[axis], dtype)


def dot(a: Number, b: Number, dtype: DType, acc: Number | None = None) -> tuple[Number, Product]:
    """`a @ b + acc` of elements of `dtype` as tensor cores sum it up: fp32 operands as TF32, sums of fp8 less exactly.

    The accumulator is one more term of each sum.
    """
    if dtype is F32:
        a, b = (Number(x.value, _as_tf32(x)) for x in (a, b))
    error = a.error @ b.magnitude + np.abs(a.value) @ b.error
    if not (_integers(a) and _integers(b)):
        error = error + np.finfo(np.float64).tiny
    short = DType("", torch.float32, 2.0**-12, F32.tiny, 2**12)
    product = Product(a.magnitude @ b.magnitude, a.value.shape[-1], short if dtype is F8 else F32)
    acc = exact(np.zeros_like(error)) if acc is None else acc
    return product.plus(Number(a.value @ b.value + acc.value, error + acc.error), acc), product


def _integers(x: Number) -> bool:
    return bool(np.all(x.value == np.rint(x.value)))


def _as_tf32(x: Number) -> np.ndarray:
    keeps = (x.value == np.rint(x.value)) & (np.abs(x.value) < 2**11)
    return x.error + np.where(keeps, 0.0, 2.0**-10 * x.magnitude)
