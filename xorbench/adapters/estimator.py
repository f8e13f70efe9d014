"""scikit-learn's estimators, as a class or as an instance, classifier or regressor.

Most can only be fitted; `epochs` then sets `max_iter` where the estimator has one. Three kinds make exactly one update
in `partial_fit` and can therefore be stepped: the multilayer perceptrons, and the linear ones of stochastic gradient
descent (one row, one update). Other `partial_fit`s count or store what they see, which is no update of parameters.
"""

from __future__ import annotations

import copy
import inspect
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from xorbench.adapters.estimator_base import Estimator, partial_fit
from xorbench.adapters.signature import EMPTY, Factory, own_keywords, with_signature

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Rows = NDArray[np.float64]

_SEED = "random_state"

#: scikit-learn's bases of what is linear in its inputs, and the tasks that no line separates.
_LINEAR = ("LinearModel", "LinearClassifierMixin", "BaseSGD")
_NEVER = ("xor", "xnor", "xor-*", "parity-[2-9]*", "parity-1?*", "sparse-parity-*-[2-9]*", "sparse-parity-*-1?*")


def is_estimator(found: Any) -> bool:
    """Whether this has the members of an estimator, and not those of the contract that an estimator lacks."""
    members = ("fit", "predict", "get_params", "set_params")
    if not all(callable(getattr(found, name, None)) for name in members) or hasattr(found, "step"):
        return False
    # A network of one's own may have get_params() for its weights; an estimator's has the argument `deep`.
    return "deep" in own_keywords(found.get_params)


def factory(found: Any) -> Factory | None:
    """Return a factory for an estimator or its class: its parameters are the options, `seed` sets `random_state`."""
    if not is_estimator(found):
        return None
    is_class = inspect.isclass(found)
    parameters = own_keywords(found) if is_class else found.get_params(deep=False)
    rate = _rate(parameters)
    keywords = {name: value for name, value in parameters.items() if name not in (_SEED, rate)}
    # "constant" or "adaptive": a schedule by name. The harness's keyword of that name is a number.
    schedule = keywords.pop("learning_rate", EMPTY) if isinstance(keywords.get("learning_rate"), str) else EMPTY
    if schedule is not EMPTY:
        keywords["schedule"] = schedule
    if rate is not None:
        keywords["learning_rate"] = None if parameters[rate] is EMPTY else parameters[rate]
    if _SEED in parameters:
        keywords["seed"] = 0
    keywords["inputs"] = 2  # so that a perceptron has weights before its first step

    def make(*, inputs: int = 2, **given: Any) -> Any:
        if "seed" in given:
            given[_SEED] = given.pop("seed")
        if rate is not None and given.get("learning_rate") is not None:
            given[rate] = given.pop("learning_rate")
        given = {("learning_rate" if name == "schedule" else name): value for name, value in given.items()}
        estimator = found(**given) if is_class else copy.deepcopy(found).set_params(**given)
        return _wrap(estimator, inputs=inputs)

    made = with_signature(make, keywords, like=found)
    if _kinds(found).intersection(_LINEAR):
        vars(made)["never"] = _NEVER
        vars(made)["why_never"] = "it is linear in its inputs, and no line separates a parity (Minsky & Papert 1969)"
    return made


def _kinds(found: Any) -> set[str]:
    """Return the names of scikit-learn's own classes that this is one of."""
    kind = found if inspect.isclass(found) else type(found)
    return {base.__name__ for base in kind.__mro__ if base.__module__.startswith("sklearn.")}


def _rate(parameters: Mapping[str, Any]) -> str | None:
    """Return the name of the parameter that is a learning rate, where there is one that is used."""
    if "learning_rate_init" in parameters:
        return "learning_rate_init"
    # The schedule "optimal", the default of SGDClassifier, ignores `eta0`.
    return "eta0" if "eta0" in parameters and parameters.get("learning_rate") != "optimal" else None


def adapt(instance: Any) -> Any | None:
    """Return the model for an estimator that a stranger's factory made, or None for anything else."""
    return _wrap(instance) if is_estimator(instance) and not inspect.isclass(instance) else None


def _wrap(estimator: Any, *, inputs: int | None = None) -> Any:
    kinds = _kinds(estimator)
    if "BaseMultilayerPerceptron" in kinds and estimator.solver != "lbfgs" and not estimator.early_stopping:
        from xorbench.adapters.perceptrons import SteppedPerceptron

        return SteppedPerceptron(estimator, inputs=inputs)
    if "BaseSGD" in kinds and hasattr(estimator, "partial_fit") and not estimator.early_stopping:
        return SteppedLinear(estimator)
    return FittedEstimator(estimator)


class FittedEstimator(Estimator):
    """An estimator that is trained in one go."""

    def fit(self, inputs: Rows, targets: Rows, epochs: int) -> None:
        """Fit once; `epochs` is the budget of an estimator that has `max_iter`."""
        if "max_iter" in self.estimator.get_params(deep=False):
            self.estimator.set_params(max_iter=epochs)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that the budget ended is measured, not warned of
            self.estimator.fit(inputs, self.labels(targets))


class SteppedLinear(Estimator):
    """A linear estimator of stochastic gradient descent: `partial_fit` on one row is one update."""

    max_rows = 1

    def step(self, inputs: Rows, targets: Rows) -> None:
        """Make one update on one row."""
        partial_fit(self, inputs, targets)

    def predict(self, inputs: Rows) -> Rows:
        """Return margins or values ``(n,)``; before the first step all weights are zero."""
        import numpy as np

        if not hasattr(self.estimator, "coef_"):
            return np.full(len(inputs), 0.5 if self.output == "probability" else 0.0)
        return super().predict(inputs)
