"""The contract of an implementation under test, and the one view of it that the rest of xorbench uses.

A stranger's object subclasses nothing: the protocols here say which members it may have, :class:`Declaration` which
attributes, and :class:`Model` wraps it. Capabilities are found here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol, final

from xorbench.declaration import Declaration, member_of, shown
from xorbench.errors import ContractError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    Rows = NDArray[np.float64]
    Labels = NDArray[np.bool_]
    Parameters = dict[str, NDArray[np.floating[Any]]]


class Predicts(Protocol):
    """The one required member."""

    def predict(self, inputs: Rows) -> ArrayLike:
        """Return one output per row of `inputs` ``(n, d)``, in anything that reshapes to ``(n,)``; change nothing."""


class Steps(Predicts, Protocol):
    """Can be trained one update at a time."""

    def step(self, inputs: Rows, targets: Rows) -> float | None:
        """Make one parameter update on ``(n, d)`` and ``(n, 1)``; return the loss *before* it, or None."""


class Fits(Predicts, Protocol):
    """Can only be trained in one go."""

    def fit(self, inputs: Rows, targets: Rows, epochs: int) -> object:
        """Train for `epochs` passes; called once on a fresh instance."""


class HasParameters(Predicts, Protocol):
    """Shows its parameters and takes others."""

    def get_parameters(self) -> Mapping[str, NDArray[np.floating[Any]]]:
        """Return copies by name, ordered from input to output."""

    def set_parameters(self, parameters: Mapping[str, NDArray[np.floating[Any]]]) -> None:
        """Take such a mapping."""


class HasLoss(Predicts, Protocol):
    """Computes its loss without an update."""

    def loss(self, inputs: Rows, targets: Rows) -> float:
        """Return the loss on ``(n, d)`` and ``(n, 1)``."""


class HasGradients(HasParameters, Protocol):
    """Computes its gradients without an update."""

    def gradients(self, inputs: Rows, targets: Rows) -> Mapping[str, NDArray[np.floating[Any]]]:
        """Return the gradient of the loss, under the names of the parameters."""


class HasHidden(Predicts, Protocol):
    """Shows its hidden activations."""

    def hidden(self, inputs: Rows) -> list[NDArray[np.floating[Any]]]:
        """Return one array ``(n, width)`` per hidden layer."""


class Capability(StrEnum):
    """What a model can do; each unlocks checks and measurements."""

    PREDICT = "predict"
    STEP = "step"
    FIT = "fit"
    PARAMETERS = "parameters"
    LOSS = "loss"
    GRADIENTS = "gradients"
    HIDDEN = "hidden"


#: The members that make a capability.
MEMBERS: dict[Capability, tuple[str, ...]] = {
    Capability.PREDICT: ("predict",),
    Capability.STEP: ("step",),
    Capability.FIT: ("fit",),
    Capability.PARAMETERS: ("get_parameters", "set_parameters"),
    Capability.LOSS: ("loss",),
    Capability.GRADIENTS: ("gradients",),
    Capability.HIDDEN: ("hidden",),
}

#: Members met in published code that are not in the contract, and what was probably meant.
NEAR_MISSES: dict[str, str] = {
    "gradient": "gradients",
    "grads": "gradients",
    "get_gradients": "gradients",
    "get_params": "get_parameters",
    "set_params": "set_parameters",
    "parameters": "get_parameters",
    "params": "get_parameters",
    "get_weights": "get_parameters",
    "set_weights": "set_parameters",
    "train_step": "step",
    "train_on_batch": "step",
    "partial_fit": "step",
    "update": "step",
    "train": "fit",
    "forward": "predict",
    "predict_proba": "predict",
    "get_loss": "loss",
    "compute_loss": "loss",
    "get_hidden": "hidden",
    "hidden_activations": "hidden",
}


def as_array(value: Any) -> NDArray[Any]:
    """Return `value` as a NumPy array; tensors are detached and brought to the CPU, scalars of engines read."""
    import numpy as np

    for member in ("detach", "cpu"):
        if callable(getattr(value, member, None)):
            value = getattr(value, member)()
    if isinstance(value, (list, tuple)) and any(callable(getattr(item, "detach", None)) for item in value):
        value = [as_array(item) for item in value]
    array = np.asarray(value)
    if array.dtype == object:  # scalars of a small autograd engine carry their number as `.data`
        flat = [getattr(item, "data", item) for item in array.ravel()]
        array = np.array(flat).reshape(array.shape) if all(isinstance(item, (int, float)) for item in flat) else array
    return array


def _numbers(value: Any) -> Rows:
    """Return `value` as float64; raise TypeError or ValueError for what is no array of real numbers.

    NumPy alone would read the text "1" as a number, None as NaN, and drop an imaginary part with a warning.
    """
    import numpy as np

    array = as_array(value)
    if array.dtype.kind not in "biufO":
        raise TypeError(f"its elements are {array.dtype}")
    if array.dtype == object and any(item is None for item in array.ravel()):
        raise TypeError("there is a None in it")
    return array.astype(np.float64)


@final
class Model:
    """One instance of an implementation, behind the one face that checks and measurements use.

    Labels are booleans here; the model is handed its declared codes, float64 ``(n, 1)``. Arrays given to the stranger's
    members are fresh copies, so that nothing it does to them spoils a measurement. Exceptions of the stranger pass
    through unchanged; a value that breaks the contract raises ContractError with its rule.
    """

    #: How many member calls have returned in this process: a watchdog tells slow from hung by it.
    calls: int = 0

    def __init__(self, instance: Any, *, target: str = "") -> None:
        self.instance = instance
        self.target = target
        if not callable(member_of(instance, "predict")):
            name, hint = target or type(instance).__name__, _near_miss(instance, "predict")
            raise ContractError(
                f"{name}: no method predict(inputs), which is required{hint}",
                rule="XA01",
                member="predict",
            )
        self.declaration = Declaration.of(instance)
        self.capabilities = capabilities(instance)

    def __repr__(self) -> str:
        return f"Model({self.target!r}, {', '.join(sorted(self.capabilities))})"

    def can(self, *wanted: Capability) -> bool:
        """Whether all these capabilities are there."""
        return self.capabilities.issuperset(wanted)

    def encode(self, labels: Labels) -> Rows:
        """Return boolean labels ``(n,)`` as this model's target codes ``(n, 1)``, float64."""
        import numpy as np

        false, true = self.declaration.targets
        return np.where(np.asarray(labels, dtype=bool).reshape(-1, 1), true, false)  # (n, 1)

    def predict(self, inputs: Rows) -> Rows:
        """Return the raw outputs, ``(n,)`` float64."""
        import numpy as np

        inputs = np.array(inputs, dtype=np.float64)  # (n, d)
        raw = self.instance.predict(inputs)
        Model.calls += 1
        try:
            outputs = _numbers(raw)
        except (TypeError, ValueError) as error:
            raise ContractError(
                f"predict returned {shown(raw)}, which is no array of numbers ({error})", rule="XA01", member="predict"
            ) from None
        if outputs.size != len(inputs):
            raise ContractError(
                f"predict returned shape {outputs.shape} for {len(inputs)} rows; the contract wants one number per row",
                rule="XA01",
                member="predict",
            )
        return outputs.reshape(len(inputs))  # (n,)

    def decide(self, outputs: Rows) -> Labels:
        """Return which outputs ``(n,)`` mean true. NaN means neither and counts as false."""
        return outputs > self.declaration.threshold

    def classify(self, inputs: Rows) -> Labels:
        """Return the predicted labels ``(n,)``."""
        return self.decide(self.predict(inputs))

    def step(self, inputs: Rows, labels: Labels) -> float | None:
        """Make one update on these rows; return the reported loss before it, or None."""
        import numpy as np

        reported = self.instance.step(np.array(inputs, dtype=np.float64), self.encode(labels))
        Model.calls += 1
        return self._scalar(reported, "step")

    def fit(self, inputs: Rows, labels: Labels, epochs: int) -> None:
        """Train in one go."""
        import numpy as np

        self.instance.fit(np.array(inputs, dtype=np.float64), self.encode(labels), epochs)

    def loss(self, inputs: Rows, labels: Labels) -> float:
        """Return the model's own loss."""
        import numpy as np

        value = self._scalar(self.instance.loss(np.array(inputs, dtype=np.float64), self.encode(labels)), "loss")
        if value is None:
            raise ContractError("loss returned None; the contract wants a number", rule="XA05", member="loss")
        return value

    def get_parameters(self) -> Parameters:
        """Return copies of the parameters, ordered from input to output."""
        return self._mapping(self.instance.get_parameters(), "get_parameters")

    def set_parameters(self, parameters: Mapping[str, NDArray[Any]]) -> None:
        """Give the model these parameters."""
        self.instance.set_parameters({name: value.copy() for name, value in parameters.items()})

    def gradients(self, inputs: Rows, labels: Labels) -> Parameters:
        """Return the model's own gradients by parameter name."""
        import numpy as np

        raw = self.instance.gradients(np.array(inputs, dtype=np.float64), self.encode(labels))
        return self._mapping(raw, "gradients")

    def hidden(self, inputs: Rows) -> list[Rows]:
        """Return the hidden activations, one ``(n, width)`` per hidden layer."""
        import numpy as np

        layers = self.instance.hidden(np.array(inputs, dtype=np.float64))
        if hasattr(layers, "shape"):  # one array for one layer: a natural slip that harms nothing
            layers = [layers]
        try:
            return [_numbers(layer).reshape(len(inputs), -1) for layer in layers]
        except (TypeError, ValueError) as error:
            raise ContractError(
                f"hidden returned no list of ({len(inputs)}, width) arrays: {error}", rule="XA01", member="hidden"
            ) from None

    def call(self, member: str, *arguments: Any) -> Any:
        """Call a member of the stranger's with these very objects: no copies, no conversion of what comes back."""
        return getattr(self.instance, member)(*arguments)

    def _mapping(self, raw: Any, member: str) -> Parameters:
        import numpy as np

        if not isinstance(raw, Mapping):
            raise ContractError(
                f"{member} returned {shown(raw)}; the contract wants a dict of arrays by name",
                rule="XA01",
                member=member,
            )
        found: Parameters = {}
        for name, value in raw.items():
            try:
                array = np.array(as_array(value))
                if array.dtype.kind != "f":  # hand-set integer weights are legal
                    array = _numbers(array)
            except (TypeError, ValueError):  # ragged, or no numbers at all
                array = np.array("")
            if array.dtype.kind != "f":
                raise ContractError(
                    f"{member}()[{name!r}] is {shown(value)}, not an array of numbers", rule="XA01", member=member
                )
            found[str(name)] = array
        return found

    def _scalar(self, value: Any, member: str) -> float | None:
        import numpy as np

        if value is None:
            return None
        try:
            array = _numbers(value)
        except (TypeError, ValueError):
            array = np.zeros(2)
        if array.size != 1:
            raise ContractError(
                f"{member} returned {shown(value)}; the contract wants one number or None", rule="XA05", member=member
            )
        return float(array.reshape(()))


def capabilities(instance: object) -> frozenset[Capability]:
    """Return what the members of `instance` make possible."""

    def has(capability: Capability) -> bool:
        return all(callable(member_of(instance, member)) for member in MEMBERS[capability])

    found = {capability for capability in Capability if has(capability)}
    if Capability.PARAMETERS not in found:
        found.discard(Capability.GRADIENTS)  # without names and values there is nothing to hold them against
    return frozenset(found)


def missing_members(instance: object) -> dict[Capability, str]:
    """Return, for each capability that is not there, the sentence that says which member would unlock it."""
    found = capabilities(instance)
    said: dict[Capability, str] = {}
    for capability, members in MEMBERS.items():
        if capability in found:
            continue
        absent = [member for member in members if not callable(member_of(instance, member))]
        if not absent:  # gradients() without parameters
            absent = ["get_parameters", "set_parameters"]
        hints = "".join(_near_miss(instance, member) for member in absent)
        said[capability] = f"no {' and no '.join(f'{member}()' for member in absent)}{hints}"
    return said


def _near_miss(instance: object, wanted: str) -> str:
    there = [near for near, meant in NEAR_MISSES.items() if meant == wanted and callable(member_of(instance, near))]
    return f" (it has {there[0]}(); was {wanted}() meant?)" if there else ""
