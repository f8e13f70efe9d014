"""Factories with a signature of their own: the registry reads options and defaults from there."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

EMPTY = inspect.Parameter.empty

Factory = Callable[..., Any]


def with_signature(make: Factory, defaults: Mapping[str, Any], *, like: Any) -> Factory:
    """Give `make` the keywords `defaults` (EMPTY for a required one), and the module, name and first line of `like`."""
    vars(make)["__signature__"] = inspect.Signature(
        [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=value) for name, value in defaults.items()]
    )
    kind = like if inspect.isclass(like) or inspect.isfunction(like) or inspect.ismodule(like) else type(like)
    make.__module__ = getattr(kind, "__module__", None) or kind.__name__
    make.__qualname__ = getattr(kind, "__qualname__", kind.__name__)
    make.__doc__ = inspect.getdoc(like)
    for name in (
        "learns",
        "never",
        "why_never",
        "devices",
    ):  # what a stranger's class says of itself holds for its factory
        if hasattr(like, name):
            setattr(make, name, getattr(like, name))
    return make


def own_keywords(callable_: Factory) -> dict[str, Any]:
    """Return the keywords of a class or function with their defaults; empty where it tells none."""
    try:
        parameters = inspect.signature(callable_).parameters.values()
    except (TypeError, ValueError):
        return {}
    named = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return {parameter.name: parameter.default for parameter in parameters if parameter.kind in named}
