"""Functions in the JAX style: parameters are a value that goes in and comes out, and nothing is an object.

A module or any other namespace with

* ``init(seed)`` or ``init(key)``, which returns the parameters: arrays in any nesting of dicts, lists and tuples;
* ``apply(params, x)``, which returns one output per row;
* optionally ``loss(params, x, y)`` and ``grad(params, x, y)``; of a loss that uses JAX the second follows;
* optionally ``step(params, x, y)``, which returns the new parameters, or a pair of these and the loss before. Without
  it the step is plain descent along ``grad`` at `learning_rate`.

What the contract declares in attributes (`output`, `targets`, `loss_kind`, ...) the namespace declares by those names.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import TYPE_CHECKING, Any

from xorbench.adapters.signature import Factory, own_keywords, with_signature
from xorbench.errors import UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Rows = NDArray[np.float64]

RATE = 0.1
_DECLARED = ("output", "targets", "loss_kind", "reads", "max_rows")


def factory(found: Any) -> Factory | None:
    """Return a factory for a namespace with ``init`` and ``apply``; further keywords of ``init`` are its options."""
    if isinstance(found, type) and callable(getattr(found, "predict", None)):
        return None
    if not all(callable(getattr(found, name, None)) for name in ("init", "apply")):
        return None
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(found, (torch.nn.Module, type)) and hasattr(found, "parameters"):
        return None  # a module's `apply` is another thing
    first, *rest = [*own_keywords(found.init).items()] or [("", None)]
    keywords = {**dict(rest), **({"seed": 0} if first[0] else {}), "learning_rate": None}

    def make(*, seed: int = 0, learning_rate: float | None = None, **given: Any) -> FunctionModel:
        parameters = found.init(*([_random(found.init, first[0], seed)] if first[0] else []), **given)
        return FunctionModel(found, parameters, learning_rate=learning_rate)

    return with_signature(make, keywords, like=found)


def _random(init: Callable[..., Any], keyword: str, seed: int) -> Any:
    """Return what ``init`` draws from, by the name of its first argument."""
    jax = _jax_of(init)
    if keyword in ("key", "rng_key", "prng_key") or (keyword == "rng" and jax is not None):
        if jax is None:
            raise UsageError(f"init({keyword}) asks for a JAX key, but uses no jax; name the argument seed")
        return jax.random.PRNGKey(seed)
    if keyword in ("rng", "generator"):
        import numpy as np

        return np.random.default_rng(seed)
    return seed


def _jax_of(function: Callable[..., Any]) -> Any | None:
    """Return JAX where this function refers to it; that something else has imported it says nothing."""
    known = [*getattr(function, "__globals__", {}).values()]
    for cell in getattr(function, "__closure__", None) or ():
        with contextlib.suppress(ValueError):  # an empty cell
            known.append(cell.cell_contents)
    modules = (value.__name__ for value in known if isinstance(value, ModuleType))
    return sys.modules.get("jax") if any(name.split(".")[0] == "jax" for name in modules) else None


def flatten(tree: Any, prefix: str = "") -> dict[str, Any]:
    """Return the leaves of nested dicts, lists and tuples by their dotted places, in order."""
    if isinstance(tree, Mapping):
        items: Any = tree.items()
    elif isinstance(tree, tuple) and hasattr(tree, "_asdict"):
        items = tree._asdict().items()
    elif isinstance(tree, (list, tuple)):
        items = enumerate(tree)
    else:
        return {prefix or "value": tree}
    found: dict[str, Any] = {}
    for name, branch in items:
        found.update(flatten(branch, f"{prefix}.{name}" if prefix else str(name)))
    return found


def rebuild(tree: Any, leaf: Callable[[str, Any], Any], prefix: str = "") -> Any:
    """Return a tree of the same shape with ``leaf(place, old)`` for each leaf."""

    def below(name: Any, branch: Any) -> Any:
        return rebuild(branch, leaf, f"{prefix}.{name}" if prefix else str(name))

    if isinstance(tree, Mapping):
        return type(tree)({name: below(name, branch) for name, branch in tree.items()})  # type: ignore[call-arg]
    if isinstance(tree, tuple) and hasattr(tree, "_asdict"):
        return type(tree)(**{name: below(name, branch) for name, branch in tree._asdict().items()})
    if isinstance(tree, (list, tuple)):
        return type(tree)(below(index, branch) for index, branch in enumerate(tree))
    return leaf(prefix or "value", tree)


class FunctionModel:
    """Such functions with the parameters that they are at now."""

    def __init__(self, functions: Any, parameters: Any, *, learning_rate: float | None) -> None:
        self._functions = functions
        self._parameters = parameters
        for name in _DECLARED:
            if hasattr(functions, name) and not callable(getattr(functions, name)):
                setattr(self, name, getattr(functions, name))
        self._gradient = _gradient_of(functions)
        own_step = getattr(functions, "step", None)
        self._takes_rate = own_step is not None and "learning_rate" in own_keywords(own_step)
        declared = getattr(functions, "learning_rate", None)
        rate = learning_rate if learning_rate is not None else declared
        # A step of one's own that takes no rate has one inside that nobody knows.
        self.learning_rate = rate if rate is not None or (own_step and not self._takes_rate) else RATE
        self.optimiser = getattr(functions, "optimiser", None if own_step else "sgd")
        if callable(getattr(functions, "loss", None)):
            self.loss = self._loss
        if self._gradient is not None:
            self.gradients = self._gradients
        if own_step is not None:
            self.step = self._own_step
        elif self._gradient is not None:
            self.step = self._descend

    def predict(self, inputs: Rows) -> Any:
        """Return ``apply(params, inputs)``."""
        return self._functions.apply(self._parameters, inputs)

    def get_parameters(self) -> dict[str, NDArray[Any]]:
        """Return copies of the leaves by their places, such as ``"0.W"``."""
        import numpy as np

        return {name: np.array(value) for name, value in flatten(self._parameters).items()}

    def set_parameters(self, parameters: Mapping[str, NDArray[Any]]) -> None:
        """Put these leaves into a tree of the same shape, of the arrays' own kind."""

        def leaf(name: str, old: Any) -> Any:
            new = parameters[name].astype(getattr(old, "dtype", parameters[name].dtype))
            jax = sys.modules.get("jax")
            return jax.numpy.asarray(new) if jax is not None and isinstance(old, jax.Array) else new

        self._parameters = rebuild(self._parameters, leaf)

    def _loss(self, inputs: Rows, targets: Rows) -> float:
        return float(self._functions.loss(self._parameters, inputs, targets))

    def _gradients(self, inputs: Rows, targets: Rows) -> dict[str, Any]:
        if self._gradient is None:  # the member is there only where the function is
            raise UsageError("no grad(params, x, y)")
        return flatten(self._gradient(self._parameters, inputs, targets))

    def _descend(self, inputs: Rows, targets: Rows) -> float | None:
        loss = self._loss(inputs, targets) if hasattr(self, "loss") else None
        slopes = self._gradients(inputs, targets)
        self._parameters = rebuild(self._parameters, lambda name, old: old - self.learning_rate * slopes[name])
        return loss

    def _own_step(self, inputs: Rows, targets: Rows) -> float | None:
        rate = {"learning_rate": self.learning_rate} if self._takes_rate and self.learning_rate is not None else {}
        result = self._functions.step(self._parameters, inputs, targets, **rate)
        names = list(flatten(self._parameters))
        if list(flatten(result)) == names:
            self._parameters = result
            return None
        if isinstance(result, tuple) and len(result) == 2 and list(flatten(result[0])) == names:
            self._parameters = result[0]
            return float(result[1])
        raise UsageError(
            f"step returned {type(result).__name__} with the leaves {', '.join(flatten(result))[:80]}; it returns the "
            f"parameters ({', '.join(names)[:80]}), or a pair of them and the loss"
        )


def _gradient_of(functions: Any) -> Callable[..., Any] | None:
    for name in ("grad", "gradients", "gradient"):
        if callable(getattr(functions, name, None)):
            found: Callable[..., Any] = getattr(functions, name)
            return found
    loss = getattr(functions, "loss", None)
    jax = _jax_of(loss) if callable(loss) else None
    if jax is None:
        return None
    derived: Callable[..., Any] = jax.grad(loss)
    return derived
