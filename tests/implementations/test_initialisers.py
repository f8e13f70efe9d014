"""Initialisers: ranges, spreads with a stated error, and the generator alone decides."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xorbench.implementations.initialisers import INITIALISERS

FAN_IN, FAN_OUT = 300, 200
VARIANCE = {
    "uniform": 1 / 3,
    "normal": 1.0,
    "glorot-uniform": 2 / (FAN_IN + FAN_OUT),
    "glorot-normal": 2 / (FAN_IN + FAN_OUT),
    "he": 2 / FAN_IN,
    "zeros": 0.0,
}
LIMIT = {"uniform": 1.0, "glorot-uniform": (6 / (FAN_IN + FAN_OUT)) ** 0.5}


@pytest.mark.parametrize("name", sorted(INITIALISERS))
@settings(max_examples=10)
@given(seed=st.integers(0, 2**63))
def test_shape_spread_and_range(name: str, seed: int) -> None:
    weights, biases = INITIALISERS[name](np.random.default_rng(seed), FAN_IN, FAN_OUT)
    assert weights.shape == (FAN_IN, FAN_OUT)
    assert biases.shape == (FAN_OUT,)
    # 60,000 draws: the variance estimate has a relative deviation of at most sqrt(2 / 60,000) = 0.6 %; six of them.
    assert weights.var() == pytest.approx(VARIANCE[name], rel=0.035)
    # The mean's deviation is sqrt(variance / 60,000); six of them.
    assert abs(weights.mean()) <= 6 * (VARIANCE[name] / weights.size) ** 0.5
    assert np.abs(weights).max() <= LIMIT.get(name, np.inf)
    assert bool(biases.any()) == (name in ("uniform", "normal"))


@pytest.mark.parametrize("name", sorted(INITIALISERS))
def test_the_generator_alone_decides(name: str) -> None:
    before = np.random.get_state()[1].copy()  # noqa: NPY002 - the global state is what must not move
    draws = [INITIALISERS[name](np.random.default_rng(seed), 3, 2)[0] for seed in (7, 7, 8)]
    assert (np.random.get_state()[1] == before).all()  # noqa: NPY002
    assert (draws[0] == draws[1]).all()
    assert (draws[0] == draws[2]).all() == (name == "zeros")
