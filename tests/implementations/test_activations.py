"""Activations: derivatives against central differences and PyTorch, extremes without a warning."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xorbench.implementations.activations import ACTIVATIONS

NAMES = sorted(ACTIVATIONS)
EXTREMES = np.array([-1e308, -1000.0, -745.0, -40.0, -1e-300, 0.0, 1e-300, 40.0, 709.0, 1000.0, 1e308])


@pytest.mark.parametrize("name", NAMES)
@given(z=st.floats(-30, 30).filter(lambda z: abs(z) > 1e-4))  # off the kinks
def test_the_derivative_is_the_slope(name: str, z: float) -> None:
    activation, points = ACTIVATIONS[name], np.array([z])
    h = 1e-5
    slope = (activation.value(points + h) - activation.value(points - h)) / (2 * h)
    assert np.allclose(activation.derivative(points, activation.value(points)), slope, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_extremes_give_finite_numbers_and_no_warning(name: str) -> None:
    activation = ACTIVATIONS[name]
    value = activation.value(EXTREMES)
    assert np.isfinite(value).all()
    assert np.isfinite(activation.derivative(EXTREMES, value)).all()


@pytest.mark.parametrize("name", NAMES)
def test_values_and_derivatives_are_those_of_pytorch_kinks_included(name: str) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle here")
    modules = {
        "sigmoid": torch.nn.Sigmoid(),
        "tanh": torch.nn.Tanh(),
        "relu": torch.nn.ReLU(),
        "leaky-relu": torch.nn.LeakyReLU(),
        "softplus": torch.nn.Softplus(threshold=100.0),
        "identity": torch.nn.Identity(),
    }
    points = np.concatenate([EXTREMES[1:-1], np.linspace(-30, 30, 601)])
    z = torch.tensor(points, requires_grad=True)
    a = modules[name](z)
    (slope,) = torch.autograd.grad(a.sum(), z)
    activation = ACTIVATIONS[name]
    assert np.allclose(activation.value(points), a.detach().numpy(), rtol=1e-14, atol=1e-300)
    # 1 - a^2 and a (1 - a) are good to the rounding of a near saturation, in both libraries.
    assert np.allclose(activation.derivative(points, activation.value(points)), slope.numpy(), rtol=1e-13, atol=5e-16)


@pytest.mark.parametrize("name", NAMES)
def test_any_shape_elementwise_so_seeds_may_lie_on_the_last_axis(name: str) -> None:
    activation = ACTIVATIONS[name]
    z = np.random.default_rng(0).normal(0, 5, (2, 3, 4))
    a = activation.value(z)
    one_by_one = np.array([activation.value(np.array([value]))[0] for value in z.ravel()]).reshape(z.shape)
    # Vectorised and scalar kernels may round differently in the last place.
    assert np.allclose(a, one_by_one, rtol=1e-15, atol=0)
    assert activation.derivative(z, a).shape == z.shape


@pytest.mark.parametrize("name", NAMES)
def test_arguments_are_left_alone(name: str) -> None:
    activation = ACTIVATIONS[name]
    z = np.linspace(-3, 3, 13)
    a = activation.value(z)
    kept_z, kept_a = z.copy(), a.copy()
    activation.derivative(z, a)
    assert (z == kept_z).all()
    assert (a == kept_a).all()
