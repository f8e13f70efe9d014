"""Known optimisers with settings of the author's own: the settings are fitted to the first steps."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from xorbench.verify.gradients.optimisers import (
    adabelief,
    adadelta,
    adagrad,
    adam,
    adamax,
    amsgrad,
    centred_rmsprop,
    lion,
    nadam,
    rmsprop,
    rprop,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Rows = NDArray[np.float64]
    Run = Callable[[Sequence[Rows]], list[Rows]]

#: A setting: its name, its bounds, and where the search begins. Those called "log ..." are powers of ten.
Setting = tuple[str, float, float, tuple[float, ...]]

_EPS: Setting = ("log eps", -10.0, -1.0, (-8.0, -2.5))
_BETA1: Setting = ("beta1", 0.0, 0.999, (0.8, 0.2))
_BETA2: Setting = ("beta2", 0.0, 0.9999, (0.98, 0.8))
_RHO: Setting = ("rho", 0.0, 0.9999, (0.9, 0.6))
_MOMENTUM: Setting = ("momentum", 0.0, 0.999, (0.8,))
_PENALTY: Setting = ("weight decay", 0.0, 0.5, (0.01,))


@dataclass(frozen=True)
class Family:
    """An optimiser with settings to be found."""

    label: str
    settings: tuple[Setting, ...]
    run: Callable[..., Run]


FAMILIES: tuple[Family, ...] = (
    Family("Adam", (_BETA1, _BETA2, _EPS), adam),
    Family("RMSProp", (_RHO, _EPS), rmsprop),
    Family("RMSProp with momentum", (_RHO, _EPS, _MOMENTUM), lambda r, e, m: rmsprop(r, e, momentum=m)),
    Family(
        "RMSProp with momentum, eps under the root",
        (_RHO, _EPS, _MOMENTUM),
        lambda r, e, m: rmsprop(r, e, inside=True, momentum=m),
    ),
    Family("centred RMSProp with momentum", (_RHO, _EPS, _MOMENTUM), lambda r, e, m: centred_rmsprop(r, e, momentum=m)),
    Family("AdaMax", (_BETA1, _BETA2), adamax),
    Family("AMSGrad", (_BETA1, _BETA2, _EPS), amsgrad),
    Family("NAdam", (_BETA1, _BETA2, _EPS, ("schedule", 0.0, 1.0, (0.004,))), nadam),
    Family("AdaBelief", (_BETA1, _BETA2, _EPS), adabelief),
    Family(
        "AdaGrad",
        (("log start", -12.0, 1.0, (-6.0, -1.0)), ("decay", 0.0, 1.0, (0.01,))),
        lambda s, d: adagrad(start=10**s, decay=d),
    ),
    Family("Adadelta", (_RHO, _EPS), adadelta),
    Family("Lion", (_BETA1, _BETA2), lion),
    *(
        Family(
            f"RPROP ({variant})",
            (
                ("up", 1.0, 2.0, (1.1,)),
                ("down", 0.05, 1.0, (0.6,)),
                ("least", 0.0, 1.0, (0.0, 0.75)),
                ("most", 1.0, 2.0, (1.5, 1.25)),
            ),
            lambda u, d, least, most, variant=variant: rprop(u, d, variant, least, most),
        )
        for variant in ("rprop-", "irprop-", "rprop+")
    ),
)


#: A fit that leaves more than this share of a step is of another family: no decay is looked for in it.
_NEAR = 0.5


def fit_optimiser(
    gradients: Sequence[Rows],
    observed: Sequence[Rows],
    places: Sequence[Rows],
    clear: NDArray[np.bool_],
    decaying: NDArray[np.bool_],
    within: float,
) -> str | None:
    """Name the family, with its settings, that explains all steps in every clear component; None where none does.

    `gradients`, `observed` updates and the parameters before each (`places`) are ``(K,)`` each; a component counts as
    explained within the share `within` of the step's largest. The rate is free, and so is a weight decay, within the
    gradient (L2) or beside it (decoupled), of all parameters or of the `decaying` ones ``(K,)``.
    """
    known = _Steps(gradients, observed, places, clear)
    if known.count < 24:  # five settings must not explain what they please
        return None
    some = None if decaying.all() else _Steps(gradients, observed, [p * decaying for p in places], clear)
    scheduled: str | None = None
    for family in FAMILIES:
        left, with_schedule = _fit(family, known, within, scheduled=True)  # the most that it explains without a decay
        if left >= _NEAR:
            continue
        scheduled = scheduled or with_schedule
        said = _fit(family, known, within)[1]
        for steps in filter(None, (known, some)):
            for options in ({"decoupled": True}, {"penalised": True}):
                said = said or _fit(family, steps, within, **options)[1]
        if said is not None:
            return said
    return scheduled  # a rate that is free at each step explains much: only where no family does without


class _Steps:
    """The steps, each in units of its own largest component."""

    def __init__(
        self,
        gradients: Sequence[Rows],
        observed: Sequence[Rows],
        places: Sequence[Rows],
        clear: NDArray[np.bool_],
    ) -> None:
        self.gradients = [g[clear] for g in gradients]
        self.size = int(clear.sum())
        self.places = [p[clear] for p in places]
        self.units = np.concatenate([np.full(clear.sum(), max(np.abs(u).max(), 1e-300)) for u in observed])
        self.seen = np.concatenate([u[clear] for u in observed]) / self.units

    @property
    def count(self) -> int:
        return len(self.seen)

    def residual(self, run: Run, penalty: float, *, decoupled: bool, scheduled: bool) -> tuple[Rows, float, float]:
        """Return what remains, the rate and the decoupled decay, the last two by least squares.

        `scheduled`: each step has a rate of its own; the one returned is the least.
        """
        moved = run([g + penalty * p for g, p in zip(self.gradients, self.places, strict=True)])
        columns = [np.concatenate(moved) / self.units]
        if decoupled:
            columns.append(np.concatenate(self.places) / self.units)
        basis = np.stack(columns, axis=1)
        if not np.isfinite(basis).all():
            return np.ones_like(self.seen), 0.0, 0.0
        if scheduled:
            step, seen = (column.reshape(-1, self.size) for column in (columns[0], self.seen))  # (S, K)
            rates = (step * seen).sum(axis=1, keepdims=True) / np.maximum((step**2).sum(axis=1, keepdims=True), 1e-300)
            return (seen - rates * step).ravel(), float(rates.min()), 0.0
        found, *_ = np.linalg.lstsq(basis, self.seen, rcond=None)
        return self.seen - basis @ found, float(found[0]), float(found[1]) if decoupled else 0.0


def _fit(
    family: Family,
    known: _Steps,
    within: float,
    *,
    penalised: bool = False,
    decoupled: bool = False,
    scheduled: bool = False,
) -> tuple[float, str | None]:
    """Return the largest share of a step that the best settings leave, and what to call them where that is little."""
    from scipy.optimize import least_squares

    settings = (*family.settings, _PENALTY) if penalised else family.settings
    low, high = (np.array([setting[i] for setting in settings]) for i in (1, 2))

    def run(x: Rows) -> tuple[Run, float]:
        values = [10**v if name == "log eps" else v for (name, *_), v in zip(settings, x, strict=True)]
        return family.run(*values[: len(family.settings)]), float(x[-1]) if penalised else 0.0

    least = np.inf
    for start in _starts(settings):
        with np.errstate(all="ignore"):
            found = least_squares(
                lambda x: known.residual(*run(x), decoupled=decoupled, scheduled=scheduled)[0],
                start,
                bounds=(low, high),
                x_scale=0.1,
                max_nfev=40,
            )
            rest, rate, decay = known.residual(*run(found.x), decoupled=decoupled, scheduled=scheduled)
        left = float(np.abs(rest).max()) if rate > 0 and 0 <= decay < 0.2 else np.inf
        if left <= within:
            label = _label(family, settings, found.x, decay / rate if decoupled else 0.0)
            return left, f"{label} with a learning-rate schedule" if scheduled else label
        least = min(least, left)
    return least, None


def _starts(settings: tuple[Setting, ...]) -> Iterator[Rows]:
    for turn in range(max(len(setting[3]) for setting in settings)):
        yield np.array([setting[3][min(turn, len(setting[3]) - 1)] for setting in settings])


def _label(family: Family, settings: tuple[Setting, ...], x: Rows, decay: float) -> str:
    said = [
        f"{name.removeprefix('log ')} {10**v if name.startswith('log') else v:.3g}"
        for (name, *_), v in zip(settings, x, strict=True)
        if name != "log eps" or v > -6
    ]
    if decay > 0:
        said.append(f"decoupled weight decay {decay:.3g}")
    return f"{family.label} ({', '.join(said)})"
