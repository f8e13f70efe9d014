"""Losses: against their definitions in exact enough arithmetic, central differences and PyTorch."""

from __future__ import annotations

from decimal import Decimal, localcontext

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xorbench.implementations.losses import LOSSES

NAMES = sorted(LOSSES)
logits = st.floats(-1e308, 1e308)
targets = st.sampled_from([0.0, 1.0]) | st.floats(0, 1)


def _defined(name: str, z: float, t: float) -> float:
    """Return the loss by its textbook formula, in 60 digits."""
    with localcontext() as context:
        context.prec = 60
        p = 1 / (1 + (-Decimal(z)).exp())
        loss = (p - Decimal(t)) ** 2 if name == "mse" else -(Decimal(t) * p.ln() + (1 - Decimal(t)) * (1 - p).ln())
        return float(loss)


@pytest.mark.parametrize("name", NAMES)
@given(z=st.floats(-60, 60), t=targets)
def test_the_value_is_the_textbook_one(name: str, z: float, t: float) -> None:
    value = float(LOSSES[name].value(np.array([z]), np.array([t]))[0])
    # For targets 0 and 1 even a loss of 1e-26 keeps its digits; between them the entropy's terms cancel.
    absolute = 1e-13 if 0 < t < 1 or name == "mse" else 0.0
    assert value == pytest.approx(_defined(name, z, t), rel=1e-12, abs=absolute)


@pytest.mark.parametrize("name", NAMES)
@given(z=logits, t=st.sampled_from([0.0, 1.0]))
def test_finite_for_any_finite_logit(name: str, z: float, t: float) -> None:
    loss = LOSSES[name]
    assert np.isfinite(loss.value(np.array([z]), np.array([t]))).all()
    assert np.isfinite(loss.slope(np.array([z]), np.array([t]))).all()


@pytest.mark.parametrize("name", NAMES)
@given(z=st.floats(-20, 20), t=targets)
def test_the_slope_is_the_derivative(name: str, z: float, t: float) -> None:
    loss, h = LOSSES[name], 1e-5
    moved = loss.value(np.array([z + h, z - h]), np.array([t, t]))
    assert float(loss.slope(np.array([z]), np.array([t]))[0]) == pytest.approx(
        (moved[0] - moved[1]) / (2 * h), abs=1e-9
    )


@pytest.mark.parametrize("name", NAMES)
def test_as_in_pytorch(name: str) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle here")
    points = np.concatenate([np.linspace(-50, 50, 201), [-1000.0, 1000.0]])
    for target in (0.0, 0.3, 1.0):
        z, t = torch.tensor(points, requires_grad=True), torch.full((len(points),), target, dtype=torch.float64)
        if name == "bce":
            value = torch.nn.functional.binary_cross_entropy_with_logits(z, t, reduction="none")
        else:
            value = torch.nn.functional.mse_loss(torch.sigmoid(z), t, reduction="none")
        (slope,) = torch.autograd.grad(value.sum(), z)
        assert np.allclose(LOSSES[name].value(points, t.numpy()), value.detach().numpy(), rtol=1e-12, atol=1e-13)
        assert np.allclose(LOSSES[name].slope(points, t.numpy()), slope.numpy(), rtol=1e-12, atol=1e-15)
