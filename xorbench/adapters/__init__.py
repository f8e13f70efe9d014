"""Ready-made objects as models: each adapter turns one kind of object into the contract of :mod:`xorbench.model`.

What an object is, is seen from its members, and a library is asked only where the target has imported it already. An
object that follows the contract itself is left alone, whatever else it is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from xorbench.adapters import estimator, functions, keras_model, torch_module


def as_factory(found: Any) -> Callable[..., Any] | None:
    """Return a factory for what a target names, or None where nothing can be made of it.

    A class of scikit-learn's or PyTorch's kind gets a factory that also chooses seed, learning rate, loss and
    optimiser; so does an instance, of which every model is a copy. ``init`` and ``apply`` in one namespace make a
    model of functions. Anything else that can be called is taken as a factory already.
    """
    for adapter in (estimator, torch_module, functions):
        factory: Callable[..., Any] | None = adapter.factory(found)
        if factory is not None:
            return factory
    if _is_model(found):
        return _copies_of(found)
    made: Callable[..., Any] | None = found if callable(found) else None
    return made


def adapt(instance: Any, *, target: str) -> Any:
    """Return `instance` itself where it follows the contract, else the adapter that makes it do so."""
    for adapter in (estimator, torch_module, keras_model):
        adapted = adapter.adapt(instance)
        if adapted is not None:
            return adapted
    return instance


def _is_model(found: Any) -> bool:
    """Whether this is an instance with the required member, not a class or a function."""
    return not isinstance(found, type) and callable(getattr(found, "predict", None))


def _copies_of(instance: Any) -> Callable[..., Any]:
    """Return a factory whose models are copies of a ready-made object, such as a trained network in a file."""
    import copy

    def make() -> Any:
        return copy.deepcopy(instance)

    make.__module__ = type(instance).__module__
    make.__doc__ = f"A copy of a ready-made {type(instance).__name__}."
    return make
