"""scikit-learn's multilayer perceptrons: one `partial_fit` on one batch is one update, and the weights lie open."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from xorbench.adapters.estimator_base import Estimator, partial_fit

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Rows = NDArray[np.float64]

_ALMOST_ZERO = 1e-300  # scikit-learn refuses a rate of 0; added to a weight this one changes no bit of it


class SteppedPerceptron(Estimator):
    """`MLPClassifier` or `MLPRegressor` with the solver sgd or adam; ``coefs_`` and ``intercepts_`` are the parameters.

    The loss is scikit-learn's own: the mean cross-entropy, or half the mean squared error, plus
    ``alpha / 2 / n`` times the sum of the squared weights of a batch of n rows.
    """

    def __init__(self, estimator: Any, *, inputs: int | None = None) -> None:
        super().__init__(estimator)
        # "auto" cuts larger batches into pieces of 200, each an update.
        self.max_rows = 200 if estimator.batch_size == "auto" else int(estimator.batch_size)
        self.learning_rate = float(estimator.learning_rate_init)
        self.loss_kind = "bce" if self.is_classifier and estimator.alpha == 0 else "own"
        if estimator.solver == "adam":
            self.optimiser = "adam"
        elif estimator.momentum == 0:
            self.optimiser = "sgd"
        else:
            self.optimiser = "nesterov" if estimator.nesterovs_momentum else "momentum"
        if inputs is not None:
            self._start(inputs)

    def _start(self, inputs: int) -> None:
        """Draw the initial weights, as the first `partial_fit` does, without the update that follows them there."""
        import numpy as np

        if hasattr(self.estimator, "coefs_"):
            return
        rate = self.estimator.learning_rate_init
        self.estimator.set_params(learning_rate_init=_ALMOST_ZERO)
        try:
            partial_fit(self, np.zeros((1, inputs)), np.full((1, 1), self.targets[0]))
        finally:
            self.estimator.set_params(learning_rate_init=rate)
        # The optimiser is made again at the next call, with the true rate and no history.
        with contextlib.suppress(AttributeError):
            del self.estimator._optimizer
        self.estimator.t_ = 0
        self.estimator.loss_curve_ = []

    def predict(self, inputs: Rows) -> Rows:
        """Return probabilities or values ``(n,)``."""
        self._start(inputs.shape[1])
        return super().predict(inputs)

    def step(self, inputs: Rows, targets: Rows) -> float:
        """Make one update on at most `max_rows` rows; return the loss before it, penalty and all."""
        self._start(inputs.shape[1])
        partial_fit(self, inputs, targets)
        return float(self.estimator.loss_)

    def loss(self, inputs: Rows, targets: Rows) -> float:
        """Return the same loss without an update."""
        import numpy as np

        self._start(inputs.shape[1])
        estimator = self.estimator
        penalty = 0.5 * estimator.alpha * sum(float((weights**2).sum()) for weights in estimator.coefs_) / len(inputs)
        truth = self.labels(targets).astype(np.float64)
        *_, (last, _) = self._layers(inputs)  # the pre-activation of the output, (n, 1)
        if not self.is_classifier:
            return float(((truth - last[:, 0]) ** 2).mean() / 2 + penalty)
        # From the logit, so that no probability is rounded to 0 or 1: log(1 + e^z) - y z.
        return float((np.logaddexp(0.0, last[:, 0]) - truth * last[:, 0]).mean() + penalty)

    def hidden(self, inputs: Rows) -> list[Rows]:
        """Return the activations of the hidden layers, ``(n, width)`` each."""
        self._start(inputs.shape[1])
        return [after for _, after in self._layers(inputs)][:-1]

    def _layers(self, inputs: Rows) -> list[tuple[Rows, Rows]]:
        """Return each layer's values before and after its activation."""
        import numpy as np

        functions: dict[str, Callable[[Rows], Rows]] = {
            "identity": lambda z: z,
            "logistic": lambda z: (1 + np.tanh(z / 2)) / 2,  # overflows nowhere
            "tanh": np.tanh,
            "relu": lambda z: np.maximum(z, 0.0),
        }
        after, found = inputs, []
        for weights, biases in zip(self.estimator.coefs_, self.estimator.intercepts_, strict=True):
            before = after @ weights + biases
            after = functions[self.estimator.activation](before)
            found.append((before, after))
        return found

    def get_parameters(self) -> dict[str, NDArray[Any]]:
        """Return W1, b1, W2 ... from input to output; nothing where the number of inputs has not been seen yet."""
        found: dict[str, NDArray[Any]] = {}
        for index, (weights, biases) in enumerate(
            zip(getattr(self.estimator, "coefs_", ()), getattr(self.estimator, "intercepts_", ()), strict=True), start=1
        ):
            found[f"W{index}"], found[f"b{index}"] = weights.copy(), biases.copy()
        return found

    def set_parameters(self, parameters: Mapping[str, NDArray[Any]]) -> None:
        """Put these values in place: the optimiser goes on with the arrays that it knows."""
        self._start(parameters["W1"].shape[0])
        for index in range(len(self.estimator.coefs_)):
            self.estimator.coefs_[index][...] = parameters[f"W{index + 1}"]
            self.estimator.intercepts_[index][...] = parameters[f"b{index + 1}"]
