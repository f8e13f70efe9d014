"""Recognising an optimiser by what it does: predictions of successive updates from the true gradients.

Each rule here is written as its authors give it, with the defaults that implementations use; sources are named beside them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Rows = NDArray[np.float64]


@dataclass(frozen=True)
class Rule:
    """An update rule: gradients g_1..g_t to updates u_1..u_t (what is subtracted), at rate 1."""

    name: str
    label: str
    run: Callable[[Sequence[Rows]], list[Rows]]


def adam(
    beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8, *, corrected: bool = True, nesterov: bool = False
) -> Callable[[Sequence[Rows]], list[Rows]]:
    """Adam (Kingma & Ba 2015, algorithm 1); `nesterov` gives NAdam (Dozat 2016) without its momentum schedule."""

    def run(gradients: Sequence[Rows]) -> list[Rows]:
        m = v = np.zeros_like(gradients[0])
        updates = []
        for t, g in enumerate(gradients, start=1):
            m = beta1 * m + (1 - beta1) * g
            v = beta2 * v + (1 - beta2) * g**2
            top = beta1 * m + (1 - beta1) * g if nesterov else m
            m_hat, v_hat = (top / (1 - beta1**t), v / (1 - beta2**t)) if corrected else (top, v)
            updates.append(m_hat / (np.sqrt(v_hat) + eps))
        return updates

    return run


def adamax(beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8) -> Callable[[Sequence[Rows]], list[Rows]]:
    """AdaMax (Kingma & Ba 2015, algorithm 2)."""

    def run(gradients: Sequence[Rows]) -> list[Rows]:
        m = u = np.zeros_like(gradients[0])
        updates = []
        for t, g in enumerate(gradients, start=1):
            m = beta1 * m + (1 - beta1) * g
            u = np.maximum(beta2 * u, np.abs(g) + eps)
            updates.append(m / (1 - beta1**t) / u)
        return updates

    return run


def rmsprop(rho: float = 0.9, eps: float = 1e-8, *, inside: bool = False) -> Callable[[Sequence[Rows]], list[Rows]]:
    """RMSProp (Tieleman & Hinton 2012); `inside` has eps under the root."""

    def run(gradients: Sequence[Rows]) -> list[Rows]:
        v = np.zeros_like(gradients[0])
        updates = []
        for g in gradients:
            v = rho * v + (1 - rho) * g**2
            updates.append(g / np.sqrt(v + eps) if inside else g / (np.sqrt(v) + eps))
        return updates

    return run


def adagrad(eps: float = 1e-10) -> Callable[[Sequence[Rows]], list[Rows]]:
    """AdaGrad (Duchi, Hazan & Singer 2011)."""

    def run(gradients: Sequence[Rows]) -> list[Rows]:
        total = np.zeros_like(gradients[0])
        updates = []
        for g in gradients:
            total = total + g**2
            updates.append(g / (np.sqrt(total) + eps))
        return updates

    return run


def sign_descent(gradients: Sequence[Rows]) -> list[Rows]:
    """Descent by the sign of the gradient."""
    return [np.sign(g) for g in gradients]


def lion(beta1: float = 0.9, beta2: float = 0.99) -> Callable[[Sequence[Rows]], list[Rows]]:
    """Lion (Chen et al. 2023), without decay."""

    def run(gradients: Sequence[Rows]) -> list[Rows]:
        m = np.zeros_like(gradients[0])
        updates = []
        for g in gradients:
            updates.append(np.sign(beta1 * m + (1 - beta1) * g))
            m = beta2 * m + (1 - beta2) * g
        return updates

    return run


def rprop(up: float = 1.2, down: float = 0.5, variant: str = "rprop-") -> Callable[[Sequence[Rows]], list[Rows]]:
    """RPROP in units of the first step size (Riedmiller & Braun 1993; variants of Igel & Huesken 2000).

    ``"rprop-"`` moves after every sign change, ``"irprop-"`` (torch's) skips that move and forgets the gradient.
    """

    def run(gradients: Sequence[Rows]) -> list[Rows]:
        size = np.ones_like(gradients[0])
        last = np.zeros_like(gradients[0])
        updates = []
        for g in gradients:
            product = g * last
            size = np.where(product > 0, size * up, np.where(product < 0, size * down, size))
            if variant != "rprop-":
                g = np.where(product < 0, 0.0, g)
            updates.append(np.sign(g) * size)
            last = g
        return updates

    return run


#: Rules whose first update has one size in every component, tried in this order.
ADAPTIVE: tuple[Rule, ...] = (
    Rule("adam", "Adam", adam()),
    Rule("adam", "Adam (eps 1e-7)", adam(eps=1e-7)),
    Rule("adam", "Adam (eps 1e-6)", adam(eps=1e-6)),
    Rule("adam", "Adam (beta2 0.99)", adam(beta2=0.99)),
    Rule("adam", "Adam (beta1 0.5)", adam(beta1=0.5)),
    Rule("adam", "Adam (beta2 0.95)", adam(beta2=0.95)),
    Rule("adam", "Adam (beta1 0.8)", adam(beta1=0.8)),
    Rule("adam", "Adam without bias correction", adam(corrected=False)),
    Rule("other", "NAdam", adam(nesterov=True)),
    Rule("other", "AdaMax", adamax()),
    Rule("rmsprop", "RMSProp (0.9)", rmsprop(0.9)),
    Rule("rmsprop", "RMSProp (0.99)", rmsprop(0.99)),
    Rule("rmsprop", "RMSProp (0.95)", rmsprop(0.95)),
    Rule("rmsprop", "RMSProp (0.9, eps inside)", rmsprop(0.9, inside=True)),
    Rule("rmsprop", "RMSProp (0.99, eps inside)", rmsprop(0.99, inside=True)),
    Rule("rmsprop", "RMSProp (0.999)", rmsprop(0.999)),
    Rule("other", "AdaGrad", adagrad()),
    Rule("other", "AdaGrad (eps 1e-8)", adagrad(1e-8)),
    Rule("rprop", "RPROP", rprop()),
    Rule("rprop", "RPROP (skips after a sign change)", rprop(variant="irprop-")),
    Rule("other", "Lion", lion()),
    Rule("other", "sign descent", sign_descent),
)
