"""Ready-made objects as models: each adapter turns one kind of object into the contract of :mod:`xorbench.model`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def as_factory(found: Any) -> Callable[..., Any] | None:
    """Return a factory for what a target names, or None where nothing can be made of it."""
    return found if callable(found) else None


def adapt(instance: Any, *, target: str) -> Any:
    """Return `instance` itself where it follows the contract, else the adapter that makes it do so."""
    return instance
