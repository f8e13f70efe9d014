"""Consensus on made-up updates: who was altered is known, and only those may dissent."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xorbench.verify.gradients.consensus import agree, constant, fit_groups, same_k

ROUNDING = 1e-12


@st.composite
def scenes(draw, least_groups=3):
    """Derivatives ``(n, K)`` in named groups of two or more components, a multiple per row, and updates that follow it."""
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    sizes = draw(st.lists(st.integers(2, 5), min_size=least_groups, max_size=5))
    rows = draw(st.integers(2, 5))
    labels = np.repeat([f"group {i}" for i in range(len(sizes))], sizes)
    j = generator.choice([-1.0, 1.0], size=(rows, len(labels))) * generator.uniform(0.1, 2, size=(rows, len(labels)))
    k = generator.choice([-1.0, 1.0], size=rows) * generator.uniform(0.05, 3, size=rows)
    return labels, j, k


def judged(u, j, labels, prefer=None):
    small = np.full_like(j, ROUNDING)
    return agree(fit_groups(u, small, j, small, labels), prefer)


def minority(labels, draw):
    groups = list(dict.fromkeys(labels.tolist()))
    return draw(st.sets(st.sampled_from(groups), min_size=1, max_size=(len(groups) - 1) // 2))


@settings(deadline=None)
@given(scenes(1))
def test_updates_along_the_derivative_are_unanimous_and_k_is_found(scene):
    labels, j, k = scene
    found = judged(k[:, None] * j, j, labels)
    assert found.unanimous
    np.testing.assert_allclose(found.k, k, rtol=1e-6)
    assert (np.abs(found.k - k) <= found.doubt).all()


@settings(deadline=None)
@given(scenes(), st.data(), st.sampled_from([-1.0, 0.0, 0.5, 0.999, 1.0001, 2.0, 100.0]))
def test_a_scaled_minority_dissents_and_nobody_else(scene, data, factor):
    labels, j, k = scene
    wrong = minority(labels, data.draw)
    u = k[:, None] * j * np.where(np.isin(labels, list(wrong)), factor, 1.0)
    found = judged(u, j, labels)
    assert set(found.dissenting) == wrong
    np.testing.assert_allclose(found.k, k, rtol=1e-6)  # one badly wrong group drags nothing


@settings(deadline=None)
@given(scenes(), st.data())
def test_a_turned_minority_dissents_and_is_not_straight(scene, data):
    labels, j, k = scene
    wrong = minority(labels, data.draw)
    u = k[:, None] * j
    first = {name: int(np.flatnonzero(labels == name)[0]) for name in wrong}
    for column in first.values():
        u[:, column] *= 1.01
    found = judged(u, j, labels)
    assert set(found.dissenting) == wrong
    for name in wrong:
        assert not found.groups[name].straight.any()


@settings(deadline=None)
@given(scenes(), st.data())
def test_a_change_in_one_row_is_enough(scene, data):
    labels, j, k = scene
    (name,) = data.draw(st.sets(st.sampled_from(sorted(set(labels.tolist()))), min_size=1, max_size=1))
    row = data.draw(st.integers(0, len(k) - 1))
    u = k[:, None] * j
    u[row, labels == name] *= 1.001
    assert judged(u, j, labels).dissenting == (name,)


@settings(deadline=None)
@given(scenes())
def test_rounding_is_nobodys_defect(scene):
    labels, j, k = scene
    u = k[:, None] * j
    noise = np.random.default_rng(0).uniform(-1, 1, size=u.shape) * 1e-9 * np.abs(u).max(axis=1, keepdims=True)
    assert judged(u + noise, j, labels).unanimous


def test_one_component_is_a_multiple_of_anything_and_no_evidence_alone():
    labels = np.array(["w", "w", "w", "b"])
    j = np.array([[1.0, 2.0, -1.0, 0.5], [0.3, -1.0, 0.7, 2.0]])
    u = j * np.array([[2.0], [3.0]])
    u[:, 3] = (7.0, -7.0)
    assert judged(u, j, labels).dissenting == ("b",)


def test_a_tie_goes_to_the_group_nearer_to_the_output_or_to_the_expected_multiple():
    labels = np.array(["first", "first", "last", "last"])
    j = np.array([[1.0, 2.0, 3.0, 4.0], [2.0, 1.0, -1.0, 0.5]])
    u = j * np.array([1.0, 1.0, 2.0, 2.0])
    assert judged(u, j, labels).dissenting == ("first",)
    assert judged(u, j, labels, prefer=np.array([1.0, 1.0])).dissenting == ("last",)


def test_rows_without_a_derivative_tell_nothing():
    labels = np.array(["w", "w", "b", "b"])
    j = np.array([[0.0, 0.0, 1.0, -2.0], [1.0, 2.0, 3.0, 1.0]])  # inputs of the row (0, 0) are zero
    found = judged(0.5 * j, j, labels)
    assert found.unanimous
    assert np.isnan(found.groups["w"].k[0])
    np.testing.assert_allclose(found.k, 0.5)


def test_a_group_that_moves_where_it_has_no_derivative_dissents():
    labels = np.array(["w", "w", "b", "b"])
    j = np.array([[0.0, 0.0, 1.0, -2.0], [1.0, 2.0, 3.0, 1.0]])
    u = 0.5 * j
    u[0, 0] = 0.3
    assert judged(u, j, labels).dissenting == ("w",)


def test_a_component_on_a_kink_is_left_out():
    labels = np.array(["w", "w", "w", "b", "b"])
    j = np.array([[1.0, 2.0, 3.0, 1.0, 2.0], [1.0, -2.0, 3.0, 1.0, 0.5]])
    dj = np.full_like(j, ROUNDING)
    u = 2 * j
    j[0, 1], dj[0, 1] = 1.0, 0.5  # the difference quotient has half the slope, and says so by its error
    found = agree(fit_groups(u, np.full_like(j, ROUNDING), j, dj, labels))
    assert found.unanimous


def test_nothing_agrees_with_a_field_that_is_no_gradient():
    generator = np.random.default_rng(0)
    labels = np.repeat(["a", "b", "c"], 3)
    j, u = generator.normal(size=(4, 9)), generator.normal(size=(4, 9))
    found = judged(u, j, labels)
    assert not found.agreeing
    assert set(found.dissenting) == {"a", "b", "c"}


def test_a_frozen_group_is_still():
    labels = np.array(["w", "w", "b", "b"])
    j = np.array([[1.0, 2.0, 3.0, 4.0], [2.0, 1.0, -1.0, 0.5]])
    found = judged(j * np.array([1.0, 1.0, 0.0, 0.0]), j, labels)
    assert found.dissenting == ("b",)
    assert found.groups["b"].still.all()


def test_not_finite_updates_neither_agree_nor_disturb_the_others():
    labels = np.array(["w", "w", "b", "b"])
    j = np.array([[1.0, 2.0, 3.0, 4.0], [2.0, 1.0, -1.0, 0.5]])
    u = 2 * j
    u[:, 2:] = np.nan
    found = judged(u, j, labels)
    assert found.agreeing == ("w",)
    np.testing.assert_allclose(found.k, 2.0, rtol=1e-6)


def test_groups_that_speak_of_different_rows_do_not_contradict_each_other():
    labels = np.array(["a", "a", "b", "b"])
    j = np.array([[1.0, 2.0, 0.0, 0.0], [0.0, 0.0, 1.0, 2.0]])
    fits = fit_groups(j * [[2.0], [5.0]], np.full_like(j, ROUNDING), j, np.full_like(j, ROUNDING), labels)
    assert same_k(fits["a"], fits["b"])
    np.testing.assert_allclose(agree(fits).k, [2.0, 5.0], rtol=1e-6)


@settings(deadline=None)
@given(st.floats(-1e3, 1e3), st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_constant_finds_the_value_within_the_doubt(value, count, seed):
    doubt = np.full(count, 1e-3)
    noise = np.random.default_rng(seed).uniform(-4e-4, 4e-4, size=count)
    found = constant(value + noise, doubt)
    assert found is not None
    assert abs(found - value) <= 1e-3


def test_constant_of_different_values_is_none_and_gaps_are_skipped():
    assert constant(np.array([1.0, 1.1]), np.array([1e-3, 1e-3])) is None
    assert constant(np.array([np.nan, 2.0, 2.0]), np.array([1e-9, 1e-9, np.inf])) == pytest.approx(2.0)
    assert constant(np.array([np.nan]), np.array([1.0])) is None
    assert constant(np.array([]), np.array([])) is None
