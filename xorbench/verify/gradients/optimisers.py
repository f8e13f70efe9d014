"""Recognising an optimiser by what it does: predictions of successive updates from the true gradients.

Each rule here is written as its authors give it, with the defaults that implementations use; sources are named beside them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
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
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
    *,
    corrected: bool = True,
    nesterov: bool = False,
    clock: Callable[[int], int] = int,
    kept: bool = False,
) -> Callable[[Sequence[Rows]], list[Rows]]:
    """Adam (Kingma & Ba 2015, algorithm 1); `nesterov` gives NAdam (Dozat 2016) without its momentum schedule.

    `clock` is what a slip makes of the step's number; `kept` puts the corrected moments in the place of the moments.
    """

    def run(gradients: Sequence[Rows]) -> list[Rows]:
        m = v = np.zeros_like(gradients[0])
        updates = []
        for t, g in enumerate(gradients, start=1):
            m = beta1 * m + (1 - beta1) * g
            v = beta2 * v + (1 - beta2) * g**2
            top = beta1 * m + (1 - beta1) * g if nesterov else m
            now = clock(t)
            m_hat, v_hat = (top / (1 - beta1**now), v / (1 - beta2**now)) if corrected else (top, v)
            updates.append(m_hat / (np.sqrt(v_hat) + eps))
            if kept:
                m, v = m_hat, v_hat
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


def rmsprop(
    rho: float = 0.9, eps: float = 1e-8, *, inside: bool = False, momentum: float = 0.0
) -> Callable[[Sequence[Rows]], list[Rows]]:
    """RMSProp (Tieleman & Hinton 2012); `inside` has eps under the root, `momentum` sums up the moves."""

    def run(gradients: Sequence[Rows]) -> list[Rows]:
        v = move = np.zeros_like(gradients[0])
        updates = []
        for g in gradients:
            v = rho * v + (1 - rho) * g**2
            move = momentum * move + (g / np.sqrt(v + eps) if inside else g / (np.sqrt(v) + eps))
            updates.append(move)
        return updates

    return run


def adagrad(eps: float = 1e-10, *, start: float = 0.0, decay: float = 0.0) -> Callable[[Sequence[Rows]], list[Rows]]:
    """AdaGrad (Duchi, Hazan & Singer 2011); the sums begin with `start`, and the rate falls as 1 / (1 + decay t)."""

    def run(gradients: Sequence[Rows]) -> list[Rows]:
        total = np.full_like(gradients[0], start)
        updates = []
        for t, g in enumerate(gradients):
            total = total + g**2
            updates.append(g / (np.sqrt(total) + eps) / (1 + decay * t))
        return updates

    return run


def amsgrad(beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8) -> Callable[[Sequence[Rows]], list[Rows]]:
    """AMSGrad (Reddi, Kale & Kumar 2018), the largest second moment so far corrected for its bias as PyTorch does."""

    def run(gradients: Sequence[Rows]) -> list[Rows]:
        m = v = top = np.zeros_like(gradients[0])
        updates = []
        for t, g in enumerate(gradients, start=1):
            m = beta1 * m + (1 - beta1) * g
            v = beta2 * v + (1 - beta2) * g**2
            top = np.maximum(top, v)
            updates.append(m / (1 - beta1**t) / (np.sqrt(top / (1 - beta2**t)) + eps))
        return updates

    return run


def adadelta(rho: float = 0.9, eps: float = 1e-6) -> Callable[[Sequence[Rows]], list[Rows]]:
    """Adadelta (Zeiler 2012, algorithm 1)."""

    def run(gradients: Sequence[Rows]) -> list[Rows]:
        squares = moves = np.zeros_like(gradients[0])
        updates = []
        for g in gradients:
            squares = rho * squares + (1 - rho) * g**2
            update = np.sqrt(moves + eps) / np.sqrt(squares + eps) * g
            moves = rho * moves + (1 - rho) * update**2
            updates.append(update)
        return updates

    return run


def centred_rmsprop(
    rho: float = 0.99, eps: float = 1e-8, *, inside: bool = False, momentum: float = 0.0
) -> Callable[[Sequence[Rows]], list[Rows]]:
    """RMSProp with the mean gradient taken out of the second moment (Graves 2013, section 4.2)."""

    def run(gradients: Sequence[Rows]) -> list[Rows]:
        v = mean = move = np.zeros_like(gradients[0])
        updates = []
        for g in gradients:
            v = rho * v + (1 - rho) * g**2
            mean = rho * mean + (1 - rho) * g
            spread = np.maximum(v - mean**2, 0.0)
            move = momentum * move + (g / np.sqrt(spread + eps) if inside else g / (np.sqrt(spread) + eps))
            updates.append(move)
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


def rprop(
    up: float = 1.2, down: float = 0.5, variant: str = "rprop-", least: float = 0.0, most: float = np.inf
) -> Callable[[Sequence[Rows]], list[Rows]]:
    """RPROP in units of the first step size (Riedmiller & Braun 1993; variants of Igel & Huesken 2000).

    After a sign change ``"rprop-"`` moves, ``"irprop-"`` (torch's) skips that move and forgets the gradient, and
    ``"rprop+"`` takes its last move back. `least` and `most` bound the sizes.
    """

    def run(gradients: Sequence[Rows]) -> list[Rows]:
        size = np.ones_like(gradients[0])
        last = update = np.zeros_like(gradients[0])
        updates = []
        for g in gradients:
            product = g * last
            size = np.where(product > 0, size * up, np.where(product < 0, size * down, size))
            size = np.clip(size, least, most)
            if variant != "rprop-":
                g = np.where(product < 0, 0.0, g)
            back = np.where(product < 0, -update, 0.0) if variant == "rprop+" else 0.0
            update = np.sign(g) * size + back
            updates.append(update)
            last = g
        return updates

    return run


def nadam(
    beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8, decay: float = 4e-3
) -> Callable[[Sequence[Rows]], list[Rows]]:
    """NAdam with its momentum schedule (Dozat 2016, algorithm 2), as PyTorch and Keras write it."""

    def run(gradients: Sequence[Rows]) -> list[Rows]:
        m = v = np.zeros_like(gradients[0])
        product = 1.0
        updates = []
        for t, g in enumerate(gradients, start=1):
            now, ahead = (beta1 * (1 - 0.5 * 0.96 ** (step * decay)) for step in (t, t + 1))
            product *= now
            m = beta1 * m + (1 - beta1) * g
            v = beta2 * v + (1 - beta2) * g**2
            top = ahead * m / (1 - product * ahead) + (1 - now) * g / (1 - product)
            updates.append(top / (np.sqrt(v / (1 - beta2**t)) + eps))
        return updates

    return run


def adabelief(beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-16) -> Callable[[Sequence[Rows]], list[Rows]]:
    """AdaBelief (Zhuang et al. 2020, algorithm 2)."""

    def run(gradients: Sequence[Rows]) -> list[Rows]:
        m = s = np.zeros_like(gradients[0])
        updates = []
        for t, g in enumerate(gradients, start=1):
            m = beta1 * m + (1 - beta1) * g
            s = beta2 * s + (1 - beta2) * (g - m) ** 2 + eps
            updates.append(m / (1 - beta1**t) / (np.sqrt(s / (1 - beta2**t)) + eps))
        return updates

    return run


UNCORRECTED = Rule("adam", "Adam without bias correction", adam(corrected=False))


def _known() -> Iterator[Rule]:
    usual = 1e-8
    for eps in (usual, 1e-7, 1e-6, 1e-10, 1e-5, 1e-4, 1e-3):
        said = "" if eps == usual else f" (eps {eps:g})"
        yield Rule("adam", f"Adam{said}", adam(eps=eps))
        for rho in (0.9, 0.99, 0.95, 0.999):
            yield Rule("rmsprop", f"RMSProp ({rho:g}){said}", rmsprop(rho, eps))
            yield Rule("rmsprop", f"RMSProp ({rho:g}, eps {eps:g} under the root)", rmsprop(rho, eps, inside=True))
        yield Rule("other", f"AdaGrad{said}", adagrad(eps))
        if eps <= 1e-4:
            for rho in (0.9, 0.95):
                yield Rule("other", f"Adadelta ({rho:g}, eps {eps:g})", adadelta(rho, eps))
            for rho in (0.9, 0.99, 0.95):
                yield Rule("rmsprop", f"centred RMSProp ({rho:g}){said}", centred_rmsprop(rho, eps))
                yield Rule(
                    "rmsprop",
                    f"centred RMSProp ({rho:g}, eps {eps:g} under the root)",
                    centred_rmsprop(rho, eps, inside=True),
                )
    for beta1, beta2 in (
        (0.9, 0.99),
        (0.5, 0.999),
        (0.9, 0.95),
        (0.8, 0.999),
        (0.8, 0.9),
        (0.9, 0.9),
        (0.95, 0.999),
        (0.5, 0.9),
    ):
        yield Rule("adam", f"Adam (betas {beta1:g}, {beta2:g})", adam(beta1, beta2))
    yield UNCORRECTED
    for beta2 in (0.999, 0.99):
        yield Rule("adam", f"AMSGrad (betas 0.9, {beta2:g})", amsgrad(beta2=beta2))
    yield Rule("other", "NAdam", nadam())
    yield Rule("other", "NAdam without its schedule", adam(nesterov=True))
    yield Rule("other", "AdaBelief", adabelief())
    yield Rule("other", "AdaMax", adamax())
    yield Rule("rprop", "RPROP", rprop())
    yield Rule("rprop", "RPROP (skips after a sign change)", rprop(variant="irprop-"))
    yield Rule("rprop", "RPROP (takes a move back after a sign change)", rprop(variant="rprop+"))
    yield Rule("other", "Lion", lion())
    yield Rule("other", "sign descent", sign_descent)


#: Rules that do not move along the gradient, tried in this order.
ADAPTIVE: tuple[Rule, ...] = tuple(_known())
#: What goes wrong in Adam's own formulas, and how it is told.
SLIPS: tuple[tuple[Rule, str], ...] = (
    (
        Rule("adam", "Adam with its betas swapped", adam(0.999, 0.9)),
        "its betas are swapped: the mean decays by 0.999, the mean of squares by 0.9",
    ),
    (
        Rule("adam", "Adam that keeps its corrected moments", adam(kept=True)),
        "the corrected moments take the place of the moments, and are corrected again in the next step",
    ),
    (
        Rule("adam", "Adam one step ahead", adam(clock=lambda t: t + 1)),
        "t is one ahead: the first step is corrected as the second is",
    ),
)
