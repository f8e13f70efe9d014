"""Central differences against derivatives written down by hand, kinks, and models that round."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xorbench.model import Model
from xorbench.verify.gradients.jacobian import MAX_COMPONENTS, differentiate, precision_of


class Holder:
    """Holds arrays, rounded to `dtype`; predict is not asked for derivatives here."""

    def __init__(self, parameters, dtype=np.float64):
        self.dtype = dtype
        self.set_parameters(parameters)

    def predict(self, inputs):
        return np.zeros(len(inputs))

    def get_parameters(self):
        return {name: value.copy() for name, value in self.parameters.items()}

    def set_parameters(self, parameters):
        self.parameters = {name: np.asarray(value).astype(self.dtype) for name, value in parameters.items()}


def held(function):
    """Return value(model) for a function of the arrays."""
    return lambda model: np.asarray(function(**model.instance.parameters), dtype=np.float64)


#: Functions of w ``(2, 2)`` and b ``(2,)`` to ``(3,)``, with their derivatives ``(3, 4)`` and ``(3, 2)``.
def smooth(w, b):
    return np.array([np.tanh(w.sum() + b[0]), np.exp(w[0, 1] * b[1]), w[1, 0] ** 3 + np.sin(b[0] * b[1])])


def slopes_of_smooth(w, b):
    s = 1 - np.tanh(w.sum() + b[0]) ** 2
    e, c = np.exp(w[0, 1] * b[1]), np.cos(b[0] * b[1])
    by_w = np.array([[s, s, s, s], [0, b[1] * e, 0, 0], [0, 0, 3 * w[1, 0] ** 2, 0]])
    by_b = np.array([[s, 0], [0, w[0, 1] * e], [b[1] * c, b[0] * c]])
    return by_w, by_b


points = st.lists(st.floats(-2, 2), min_size=6, max_size=6)


def point(numbers):
    return {"w": np.array(numbers[:4]).reshape(2, 2), "b": np.array(numbers[4:])}


@settings(deadline=None)
@given(points)
def test_smooth_functions_to_nine_digits_and_the_error_is_not_understated(numbers):
    at = point(numbers)
    found = differentiate(Model(Holder(at)), at, held(smooth), precision=float(np.finfo(np.float64).eps))
    for name, exact in zip(("w", "b"), slopes_of_smooth(**at), strict=True):
        apart = np.abs(found.values[name] - exact)
        assert (apart <= 1e-8 * (1 + np.abs(exact).max())).all()
        assert (apart <= 10 * found.errors[name] + 1e-300).all()  # denormal numbers aside
        assert (found.errors[name] <= 1e-6 * (1 + np.abs(exact).max())).all()
    np.testing.assert_array_equal(found.outputs, smooth(**at))


@settings(deadline=None)
@given(points)
def test_a_float32_model_is_differentiated_to_its_own_precision(numbers):
    at = point(numbers)
    model = Model(Holder(at, np.float32))
    rounded = {name: value.astype(np.float64) for name, value in model.get_parameters().items()}
    found = differentiate(model, at, held(lambda w, b: smooth(w, b).astype(np.float32)))
    assert found.precision == np.finfo(np.float32).eps
    for name, exact in zip(("w", "b"), slopes_of_smooth(**rounded), strict=True):
        apart = np.abs(found.values[name] - exact)
        assert (apart <= 2e-3 * (1 + np.abs(exact).max())).all()
        assert (apart <= 10 * found.errors[name] + 1e-6).all()


@settings(deadline=None)
@given(points)
def test_the_model_is_left_at_the_point(numbers):
    at = point(numbers)
    model = Model(Holder({name: value + 1 for name, value in at.items()}))
    differentiate(model, at, held(smooth))
    for name, value in model.get_parameters().items():
        np.testing.assert_array_equal(value, at[name])


@pytest.mark.parametrize("share", [0.3, 0.7, 1.5, 3.0, -0.3, -0.7, -1.5, -3.0])
def test_a_kink_within_reach_is_owned_up_to(share):
    # max(x, 0) near 0: differences give something between 0 and 1, and the error says that it may be off by that much.
    at = {"x": np.array([share * 3e-4])}
    found = differentiate(Model(Holder(at)), at, held(lambda x: np.maximum(x, 0)))
    apart = abs(found.values["x"][0, 0] - float(share > 0))
    assert apart <= 10 * found.errors["x"][0, 0] + 1e-9


@pytest.mark.parametrize("share", [0.0, 0.01, -0.01, 0.05])
def test_a_kink_next_to_the_point_is_owned_up_to(share):
    at = {"x": np.array([share * 3e-4])}
    found = differentiate(Model(Holder(at)), at, held(lambda x: np.maximum(x, 0)))
    assert found.errors["x"][0, 0] > 0.02


@pytest.mark.parametrize("offset", [0.01, -0.01, 1.0])
def test_a_kink_out_of_reach_disturbs_nothing(offset):
    at = {"x": np.array([offset])}
    found = differentiate(Model(Holder(at)), at, held(lambda x: np.maximum(x, 0)))
    assert found.values["x"][0, 0] == pytest.approx(float(offset > 0), abs=1e-9)
    assert found.errors["x"][0, 0] < 1e-6


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_what_is_not_finite_has_an_infinite_error():
    at = {"x": np.array([1e-5])}
    found = differentiate(Model(Holder(at)), at, held(lambda x: np.log(x)))  # a step down leaves the domain
    assert found.errors["x"][0, 0] == np.inf


@settings(deadline=None, max_examples=20)
@given(st.integers(1, 200), st.integers(0, 2**32 - 1))
def test_large_groups_are_probed_in_part_and_each_component_is_its_own(size, seed):
    weights = np.random.default_rng(seed).normal(size=size)
    at = {"w": np.zeros(size)}
    model = Model(Holder(at))
    found = differentiate(model, at, held(lambda w: np.atleast_1d(weights @ w)))
    chosen = found.index["w"]
    assert len(chosen) == min(size, MAX_COMPONENTS)
    assert len(set(chosen.tolist())) == len(chosen)
    assert {0, size - 1} <= set(chosen.tolist())
    np.testing.assert_allclose(found.values["w"][0], weights[chosen], atol=1e-9)
    np.testing.assert_array_equal(found.pick({"w": weights}, "w"), weights[chosen])


def test_an_empty_group_has_no_columns():
    at = {"w": np.ones(2), "none": np.zeros(0)}
    found = differentiate(Model(Holder(at)), at, held(lambda w, none: w))
    assert found.values["none"].shape == found.errors["none"].shape == (2, 0)
    np.testing.assert_allclose(found.values["w"], np.eye(2), atol=1e-9)


def test_precision_is_read_from_parameters_and_from_outputs():
    double, single = Model(Holder({"w": np.ones(2)})), Model(Holder({"w": np.ones(2)}, np.float32))
    thirds = np.array([1 / 3, 2 / 3])
    assert precision_of(single, thirds) == np.finfo(np.float32).eps
    assert precision_of(double, thirds) == np.finfo(np.float64).eps
    assert precision_of(double, thirds.astype(np.float32).astype(np.float64)) == np.finfo(np.float32).eps
    # Labels and halves are exact in either precision and say nothing.
    assert precision_of(double, np.array([0.0, 1.0, 0.5])) == np.finfo(np.float64).eps
