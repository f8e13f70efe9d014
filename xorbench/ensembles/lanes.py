"""Activations as compiled scalar functions without branches or calls, which a compiler turns into vector instructions.

Needs numba. The system's `exp` takes one number at a time; this one is a polynomial and a shift of bits.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from xorbench.implementations.activations import LEAK

Function = Callable[..., Any]


@functools.cache
def elementwise(dtype: str) -> dict[str, Function]:
    """Return the compiled functions of this precision by the names of the activations, '_' for '-'."""
    import numba

    inline = numba.njit(inline="always", fastmath={"contract"}, error_model="numpy")
    F: Any = getattr(np, dtype)
    zero, one, two, leak = F(0.0), F(1.0), F(2.0), F(LEAK)
    exp, log1p = inline(_exponential(dtype, inline)), inline(_log1p(dtype, inline))

    @inline  # type: ignore[untyped-decorator]
    def sigmoid(z: Any) -> Any:
        return one / (one + exp(-z))

    @inline  # type: ignore[untyped-decorator]
    def tanh(z: Any) -> Any:
        return one - two / (exp(two * z) + one)

    @inline  # type: ignore[untyped-decorator]
    def relu(z: Any) -> Any:
        return max(z, zero)

    @inline  # type: ignore[untyped-decorator]
    def leaky_relu(z: Any) -> Any:
        return max(z, leak * z)

    @inline  # type: ignore[untyped-decorator]
    def softplus(z: Any) -> Any:
        u = exp(-abs(z))
        return max(z, zero) + log1p(u)

    @inline  # type: ignore[untyped-decorator]
    def identity(z: Any) -> Any:
        return z

    return {
        "sigmoid": sigmoid,
        "tanh": tanh,
        "relu": relu,
        "leaky_relu": leaky_relu,
        "softplus": softplus,
        "identity": identity,
    }


def _exponential(dtype: str, inline: Function) -> Function:
    """Return exp(x) to about one unit in the last place, x held to where it neither overflows nor is denormal.

    exp(x) = 2^n exp(r) with r = x - n ln 2, |r| <= ln(2)/2, ln 2 in two parts (Cody & Waite, Software Manual for the
    Elementary Functions, 1980, chapter 6), exp(r) by its Taylor series up to the order that rounding hides.
    """
    F: Any = getattr(np, dtype)
    integer: Any = {"float32": np.int32, "float64": np.int64}[dtype]
    if dtype == "float32":
        order, shift, bias = 7, integer(23), integer(127)
        low, high, ln2_high, ln2_low = F(-87.0), F(88.0), F(0.693359375), F(-2.12194440e-4)
    else:
        order, shift, bias = 13, integer(52), integer(1023)
        low, high, ln2_high, ln2_low = F(-708.0), F(709.0), F(6.93147180369123816490e-01), F(1.90821492927058770002e-10)
    log2_e, half = F(math.log2(math.e)), F(0.5)
    polynomial = _polynomial([F(1.0 / math.factorial(i)) for i in range(order + 1)], inline)

    def exp(x: Any) -> Any:
        x = min(max(x, low), high)
        n = np.floor(x * log2_e + half)
        r = (x - n * ln2_high) - n * ln2_low
        return polynomial(r) * integer((integer(n) + bias) << shift).view(F)

    return exp


def _log1p(dtype: str, inline: Function) -> Function:
    """Return log(1 + u) for u from 0 to 1: 2 artanh(s) with s = u / (2 + u) <= 1/3, by its power series."""
    F: Any = getattr(np, dtype)
    two = F(2.0)
    polynomial = _polynomial([F(2.0 / (2 * k + 1)) for k in range(8 if dtype == "float32" else 17)], inline)

    def log1p(u: Any) -> Any:
        s = u / (two + u)
        return s * polynomial(s * s)

    return log1p


def _polynomial(coefficients: list[Any], inline: Function) -> Function:
    """Return the polynomial with these coefficients, the constant first, in Horner's form."""
    terms = f"c{len(coefficients) - 1}"
    for i in reversed(range(len(coefficients) - 1)):
        terms = f"({terms}) * x + c{i}"
    space: dict[str, Any] = {f"c{i}": value for i, value in enumerate(coefficients)}
    exec(f"def polynomial(x):\n    return {terms}", space)
    made: Function = inline(space["polynomial"])
    return made
