"""Does every option of the factory change something? Each is varied alone, and the first steps compared."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import numpy as np

from xorbench.model import Capability, Model
from xorbench.records import Finding
from xorbench.registry import Option
from xorbench.verify.outcomes import finding
from xorbench.verify.subject import Subject, global_random_state, quiet

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Options that may rightly change nothing in a short run.
_HARMLESS = (
    "verbose", "name", "debug", "log", "print", "quiet", "n_jobs", "dtype", "tol", "patience", "epochs", "iter", "device",
    "batch", "clip", "eps", "display", "plot", "save", "path", "every", "stop", "restart", "max_", "check", "cache",
)  # fmt: skip

#: Numbers that a network cannot do without: ignoring them is wrong whatever else is set.
_ALWAYS = (
    "learning_rate",
    "lr",
    "eta",
    "hidden",
    "hidden_size",
    "n_hidden",
    "hidden_units",
    "units",
    "width",
    "neurons",
)

_CHOICES: dict[str, tuple[str, ...]] = {
    "activation": ("tanh", "sigmoid", "relu"),
    "loss": ("mse", "bce"),
    "init": ("normal", "uniform", "he"),
}


def vary_options(subject: Subject) -> tuple[list[Finding], int]:
    """Return findings for options that change nothing, and how many could be varied."""
    implementation = subject.implementation
    try:
        parameters = inspect.signature(implementation.factory).parameters
    except (TypeError, ValueError):
        return [], 0
    defaults: dict[str, Any] = {
        name: parameter.default
        for name, parameter in parameters.items()
        if parameter.default is not inspect.Parameter.empty and name not in ("inputs", "seed", "device")
    }
    # An option may matter only for some choice of another: a momentum while the optimiser has none.
    conditional = any(isinstance(default, (str, bool)) for name, default in defaults.items() if not _harmless(name))
    ignored: list[Finding] = []
    varied = 0
    plain = _show(subject, {})
    for name, default in defaults.items():
        if _harmless(name) or name in implementation.options:
            continue
        others = _others(name, default)
        seen = [shown for other in others if (shown := _show(subject, {name: other})) is not None]
        if not seen or plain is None:
            continue
        varied += 1
        if any(not _equal(plain, shown) for shown in seen):
            continue
        if name not in _ALWAYS and (conditional or _for_another_optimiser(subject, name)):
            continue
        if name == "learning_rate" and (_scale_free(subject, seen) or _stands_still(subject)):
            continue
        message = f"{name} is accepted and changes nothing: {default!r} and {others[0]!r} give the same run"
        ignored.append(finding("XM12", message, where=name, tried=[str(other) for other in others]))
    return ignored, varied


def _for_another_optimiser(subject: Subject, name: str) -> bool:
    """Whether the option belongs to an optimiser that this is not, as a constructor inherited from Adam's brings along."""
    seen = subject.remarks.get("optimiser", "")
    return name.lower().startswith("beta") and "adam" not in seen.lower()


def _harmless(name: str) -> bool:
    return any(part in name.lower() for part in _HARMLESS)


def _others(name: str, default: Any) -> list[Option]:
    if isinstance(default, bool):
        return [not default]
    if isinstance(default, int):
        return [default + 1, default * 2 + 1]
    if isinstance(default, float):
        return [default / 2, default * 0.9] if default else [0.1, 0.5]
    if isinstance(default, str):
        return [
            choice
            for key, choices in _CHOICES.items()
            if key in name.lower()
            for choice in choices
            if choice != default
        ]
    return []


def _show(subject: Subject, options: dict[str, Option]) -> list[NDArray[np.float64]] | None:
    """Return what a model with these options shows at its start and after a few steps; None where it refuses them."""
    rows, labels = subject.table
    try:
        with quiet(), global_random_state(1):
            options = dict(options)
            rate = options.pop("learning_rate", None)
            model = subject.build(None, learning_rate=None if rate is None else float(rate), **options)
            shown: list[NDArray[np.float64]] = []
            for _ in range(6):
                if model.can(Capability.PARAMETERS):
                    shown += [np.asarray(value, dtype=np.float64).ravel() for value in _parameters(model)]
                if not model.can(Capability.STEP) or "step" in subject.hung:
                    break
                for part in subject.chunks(rows, labels):
                    loss = model.step(*part)
                    shown.append(np.array([np.nan if loss is None else loss]))
            shown.append(_outputs(model, rows))
            if model.can(Capability.FIT) and "fit" not in subject.hung:
                fitted = subject.build(None, learning_rate=None if rate is None else float(rate), **options)
                fitted.fit(rows, labels, 30)
                shown.append(fitted.predict(rows))
            return shown
    except Exception:
        return None


def _stands_still(subject: Subject) -> bool:
    """Whether training moves no parameter at all: then no setting of it could show."""
    if not subject.first.can(Capability.PARAMETERS, Capability.STEP):
        return False
    rows, labels = subject.table
    with quiet(), global_random_state(1):
        model = subject.build()
        before = _parameters(model)
        for _ in range(6):
            for part in subject.chunks(rows, labels):
                model.step(*part)
        after = _parameters(model)
    return bool(before) and all(np.array_equal(a, b) for a, b in zip(before, after, strict=False))


def _outputs(model: Model, rows: NDArray[np.float64]) -> NDArray[np.float64]:
    try:
        return model.predict(rows)
    except Exception:  # before fit, predict may raise
        return np.zeros(0)


def _parameters(model: Any) -> list[Any]:
    try:
        return list(model.get_parameters().values())
    except Exception:  # some come into being at the first step
        return []


def _equal(one: list[NDArray[np.float64]], other: list[NDArray[np.float64]]) -> bool:
    return len(one) == len(other) and all(
        a.shape == b.shape and np.array_equal(a, b, equal_nan=True) for a, b in zip(one, other, strict=True)
    )


def _scale_free(subject: Subject, seen: list[list[NDArray[np.float64]]]) -> bool:
    """Whether only labels can be seen, which a scale of the weights does not change (the perceptron from zero)."""
    labels_only = not subject.first.can(Capability.PARAMETERS) and set(np.unique(seen[0][-1])) <= {-1.0, 0.0, 1.0}
    exact_fit = not subject.first.can(Capability.STEP)
    return labels_only or exact_fit
