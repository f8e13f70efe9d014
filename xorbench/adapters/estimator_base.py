"""What all scikit-learn estimators have in common as models."""

from __future__ import annotations

import sys
import warnings
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Rows = NDArray[np.float64]


class Estimator:
    """What all estimators have in common: how they decide, and which codes of the labels they want."""

    def __init__(self, estimator: Any) -> None:
        self.estimator = estimator
        self.is_classifier = _is_classifier(estimator)
        if not self.is_classifier:
            self.output, self.targets = "score", (0.0, 1.0)
        elif callable(getattr(estimator, "predict_proba", None)):
            self.output, self.targets = "probability", (0.0, 1.0)
        elif callable(getattr(estimator, "decision_function", None)):
            self.output, self.targets = "score", (-1.0, 1.0)  # the margin decides at 0, their midpoint
        else:
            self.output, self.targets = "label", (0.0, 1.0)

    def predict(self, inputs: Rows) -> Rows:
        """Return probabilities of true where there are any, else margins, else labels or values, ``(n,)``."""
        import numpy as np

        if self.output == "probability":
            # In shape only: without `classes_` it was fitted to 0 and 1, and one column is the share of true.
            shares = np.asarray(self.estimator.predict_proba(inputs))  # (n, classes seen), or (n,)
            classes = list(getattr(self.estimator, "classes_", (0, 1)))
            if shares.ndim == 1 or (shares.shape[1] == 1 and len(classes) == 2):
                return shares.ravel()
            return shares[:, classes.index(1)] if 1 in classes else np.zeros(len(inputs))
        if self.output == "score" and self.is_classifier:
            margins: Rows = self.estimator.decision_function(inputs)
            return margins
        return np.asarray(self.estimator.predict(inputs), dtype=np.float64)

    def labels(self, targets: Rows) -> NDArray[Any]:
        """Return targets ``(n, 1)`` as this estimator takes them, ``(n,)``: classes 0 and 1, or the values."""
        import numpy as np

        flat = targets.ravel()
        if not self.is_classifier:
            return flat
        return (flat > np.mean(self.targets)).astype(np.float32 if self._wants_numbers else int)

    @property
    def _wants_numbers(self) -> bool:
        """Whether the classes are targets of a loss on one output: those of skorch's binary classifier, bare or last in line."""
        steps = getattr(self.estimator, "steps", None)
        last = steps[-1][1] if steps else self.estimator
        return any(base.__name__ == "NeuralNetBinaryClassifier" for base in type(last).__mro__)


def partial_fit(model: Estimator, inputs: Rows, targets: Rows) -> None:
    """Call the estimator's `partial_fit` on ``(n, d)`` and ``(n, 1)``, its classes said, its warnings unheard."""
    import numpy as np

    classes = {"classes": np.array([0, 1])} if model.is_classifier else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.estimator.partial_fit(inputs, model.labels(targets), **classes)


def _is_classifier(estimator: Any) -> bool:
    base = sys.modules.get("sklearn.base")
    if base is not None:
        try:
            return bool(base.is_classifier(estimator))
        except (AttributeError, TypeError):  # an estimator in shape only, without the library's tags
            pass
    return getattr(estimator, "_estimator_type", None) == "classifier" or hasattr(estimator, "predict_proba")
