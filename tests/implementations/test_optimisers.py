"""Optimisers: the same gradients through `torch.optim` give the same parameters, and state belongs to each element."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xorbench.errors import UsageError
from xorbench.implementations.optimisers import DEFAULT_RATES, OptimiserChoice, choose_optimiser, make_optimiser

CHOICES = [choose_optimiser(name, None, None) for name in DEFAULT_RATES]


def _stream(seed: int, shape: tuple[int, ...], steps: int = 200) -> np.ndarray:
    """Gradients of many sizes, with signs that stay and signs that turn, and exact zeros."""
    generator = np.random.default_rng(seed)
    sizes = 10.0 ** generator.uniform(-8, 2, (steps, *shape))
    slow = np.sign(np.sin(np.arange(steps).reshape(-1, *[1] * len(shape)) * generator.uniform(0, 1, shape)))
    return np.where(generator.random((steps, *shape)) < 0.05, 0.0, sizes * slow)


@pytest.mark.parametrize("choice", CHOICES, ids=lambda choice: choice.name)
@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_the_same_updates_as_torch_optim(choice: OptimiserChoice, seed: int) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle here")
    ours = np.random.default_rng(seed).normal(size=7)
    theirs = torch.nn.Parameter(torch.tensor(ours))
    rate = choice.learning_rate
    oracle = {
        "sgd": lambda: torch.optim.SGD([theirs], lr=rate),
        "momentum": lambda: torch.optim.SGD([theirs], lr=rate, momentum=0.9),
        "adam": lambda: torch.optim.Adam([theirs], lr=rate),
        "rprop": lambda: torch.optim.Rprop([theirs], lr=rate),
    }[choice.name]()
    optimiser = make_optimiser(choice)
    for gradient in _stream(seed, (7,)):
        theirs.grad = torch.tensor(gradient)
        optimiser.update(ours, gradient)
        oracle.step()
        assert np.allclose(ours, theirs.detach().numpy(), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("choice", CHOICES, ids=lambda choice: choice.name)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_many_seeds_at_once_are_the_single_runs(choice: OptimiserChoice, dtype: type) -> None:
    together = np.random.default_rng(1).normal(size=(9, 6)).astype(dtype)
    alone = [together[:, seed].copy() for seed in range(6)]
    optimisers = [make_optimiser(choice) for _ in range(7)]
    for gradient in _stream(2, (9, 6)).astype(dtype):
        optimisers[6].update(together, gradient)
        for seed in range(6):
            optimisers[seed].update(alone[seed], gradient[:, seed].copy())
    assert together.dtype == dtype
    assert (together == np.stack(alone, axis=1)).all()


@pytest.mark.parametrize("choice", CHOICES, ids=lambda choice: choice.name)
def test_the_gradient_is_left_alone(choice: OptimiserChoice) -> None:
    optimiser, parameters = make_optimiser(choice), np.ones(5)
    for gradient in _stream(3, (5,), 20):
        kept = gradient.copy()
        optimiser.update(parameters, gradient)
        assert (gradient == kept).all()


def test_rprop_grows_shrinks_and_rests() -> None:
    optimiser, w = make_optimiser(choose_optimiser("rprop", 0.1, None)), np.zeros(1)
    path = []
    for gradient in (1.0, 2.0, 3.0, -1.0, -1.0, -1.0):
        optimiser.update(w, np.array([gradient]))
        path.append(float(w[0]))
    moves = np.diff([0.0, *path])
    # Two growths, a turn at which it rests and halves, a step of that size, another growth.
    assert moves == pytest.approx([-0.1, -0.12, -0.144, 0.0, 0.072, 0.0864])


def test_sgd_with_momentum_is_momentum_and_momentum_without_is_sgd() -> None:
    assert choose_optimiser("sgd", 0.5, 0.3) == choose_optimiser("momentum", 0.5, 0.3)
    assert choose_optimiser("momentum", 0.5, 0.0).name == "sgd"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("agd", None, None), "did you mean 'sgd'"),
        (("sgd", 0.0, None), "learning_rate=0.0"),
        (("sgd", -1.0, None), "learning_rate=-1.0"),
        (("sgd", float("nan"), None), "learning_rate=nan"),
        (("sgd", True, None), "learning_rate=True"),
        (("sgd", "fast", None), "learning_rate='fast'"),
        (("adam", None, 0.9), "goes with sgd or momentum"),
        (("momentum", None, 1.0), "momentum=1.0"),
        (("momentum", None, -0.1), "momentum=-0.1"),
    ],
)
def test_a_wrong_choice_is_named(arguments: tuple, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        choose_optimiser(*arguments)
