"""Measurements for the zoo's own tests: built from NumPy and central differences, and from nothing of the judge."""

from __future__ import annotations

import importlib.util
import inspect
import sys
from pathlib import Path
from typing import Any

import numpy as np
from xorbench.model import Capability, Model

from .twin import Twin

ROOT = Path(__file__).resolve().parents[2]
X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
XOR = np.array([False, True, True, False])
_modules: dict[str, Any] = {}


def factory(twin: Twin) -> Any:
    """Load the twin's file by its path and return what its target names."""
    place, attribute = twin.target.split(":")
    if place not in _modules:
        name = "zoo_program_" + place.replace("/", "_").removesuffix(".py")
        spec = importlib.util.spec_from_file_location(name, ROOT / place)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
        _modules[place] = module
    return getattr(_modules[place], attribute)


def build(twin: Twin, seed: int = 0, **offered: Any) -> Model:
    """Build the twin with those keywords that its factory names."""
    make = factory(twin)
    offered = {"inputs": 2, "seed": seed, **offered}
    named = inspect.signature(make).parameters
    return Model(make(**{key: value for key, value in offered.items() if key in named}), target=twin.target)


def flat(parameters: dict[str, np.ndarray]) -> np.ndarray:
    """Return all parameters in one float64 vector ``(p,)``."""
    return np.concatenate([np.ravel(value).astype(float) for value in parameters.values()])


def shaped(vector: np.ndarray, like: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Cut `vector` into the names, shapes and dtypes of `like`."""
    found, start = {}, 0
    for name, value in like.items():
        found[name] = vector[start : start + value.size].reshape(value.shape).astype(value.dtype)
        start += value.size
    return found


def jittered(model: Model, *, scale: float = 1.0, seed: int = 0) -> dict[str, np.ndarray]:
    """Return the model's parameters × scale plus noise of deviation 0.05, so that nothing stands on a kink."""
    generator = np.random.default_rng(seed)
    return {
        name: (scale * value + 0.05 * generator.standard_normal(value.shape)).astype(value.dtype)
        for name, value in model.get_parameters().items()
    }


def cost(kind: str, model: Model, rows: np.ndarray, labels: np.ndarray) -> float:
    """Return a loss of this kind summed over rows, recomputed from predict; "own" asks the model."""
    if kind == "own":
        return model.loss(rows, labels)
    outputs, targets = model.predict(rows), model.encode(labels)[:, 0]
    if kind == "squares":
        return float(np.sum((outputs - targets) ** 2))
    if kind == "hinge":
        return float(np.sum(np.maximum(0, 1 - targets * outputs)))
    if model.declaration.output == "logit":
        return float(np.sum(np.logaddexp(0, outputs) - targets * outputs))
    p = np.clip(outputs, 1e-12, 1 - 1e-12)
    return float(-np.sum(targets * np.log(p) + (1 - targets) * np.log(1 - p)))


def kinds(model: Model) -> list[str]:
    """Return the losses that the model may be descending: the declared one, or all that fit its output."""
    declared = model.declaration.loss_kind
    if declared == "own" or (declared is None and model.can(Capability.LOSS)):
        return ["own"]
    known = {"bce": "entropy", "sum_bce": "entropy", "mse": "squares", "sse": "squares", "half_sse": "squares"}
    if declared in known:
        two_outputs = model.can(Capability.LOSS)  # predict alone may not determine the loss
        return [known[declared], *(["own"] if two_outputs else [])]
    if declared == "hinge":
        return ["hinge"]
    return ["entropy", "squares"] if model.declaration.output != "score" else ["squares"]


def slope(model: Model, kind: str, at: dict[str, np.ndarray], rows: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return the central differences of `cost` at the parameters `at`, ``(p,)``; the model is left at `at`."""
    single = any(value.dtype == np.float32 for value in at.values())
    h = 1e-2 if single else 1e-5
    centre = flat(at)
    found = np.zeros_like(centre)
    for i in range(len(centre)):
        values = []
        for sign in (h, -h):
            moved = centre.copy()
            moved[i] += sign
            model.set_parameters(shaped(moved, at))
            values.append(cost(kind, model, rows, labels))
        found[i] = (values[0] - values[1]) / (2 * h)
    model.set_parameters(at)
    return found


def update(model: Model, at: dict[str, np.ndarray], rows: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return before − after of one step from `at`, ``(p,)``."""
    model.set_parameters(at)
    model.step(rows, labels)
    return flat(at) - flat(model.get_parameters())


def shown(model: Model, at: dict[str, np.ndarray], rows: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return gradients() at `at`, in the order of the parameters."""
    model.set_parameters(at)
    gradients = model.gradients(rows, labels)
    return flat({name: gradients[name] for name in at})


def angle(a: np.ndarray, b: np.ndarray) -> float:
    """Return 1 − cos of the angle between two vectors."""
    norm = float(np.linalg.norm(a) * np.linalg.norm(b))
    if norm == 0:  # a hinge that is met: no slope, and rightly no update
        return 0.0 if np.array_equal(a, b) else 1.0
    return 1 - float(a @ b) / norm


def misdirection(twin: Twin, *, of: str = "update", scale: float = 1.0, rows: slice = slice(None)) -> float:
    """Return how far a fresh twin's update or gradients() point away from the numerical gradient that fits best."""
    model = build(twin)
    at = jittered(model, scale=scale)
    candidates = [slope(model, kind, at, X[rows], XOR[rows]) for kind in kinds(model)]
    fresh = build(twin)
    taken = (update if of == "update" else shown)(fresh, at, X[rows], XOR[rows])
    return min(angle(taken, candidate) for candidate in candidates)


def train(model: Model, steps: int, labels: np.ndarray = XOR) -> Model:
    """Train on the table: by step, or by fit in one go."""
    if model.can(Capability.STEP):
        for _ in range(steps):
            model.step(X, labels)
    else:
        model.fit(X, labels, steps)
    return model


def learns(twin: Twin, steps: int, seeds: int = 4) -> bool:
    """Whether one of the first seeds gets all rows right at some time."""
    for seed in range(seeds):
        model = build(twin, seed)
        if model.can(Capability.STEP):
            for taken in range(steps):
                model.step(X, XOR)
                if taken % 20 == 19 and (model.classify(X) == XOR).all():
                    return True
            continue
        if model.can(Capability.FIT):
            train(model, steps)
        if (model.classify(X) == XOR).all():
            return True
    return False
