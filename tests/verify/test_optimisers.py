"""The known optimisers against the definition: torch's own where it has them, else the paper's recurrence written anew."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xorbench.verify.gradients import optimisers
from xorbench.verify.gradients.optimisers import ADAPTIVE

RATE = 0.01

seeds = st.integers(0, 2**32 - 1)


def gradients(seed, steps=6, size=5):
    """Gradients ``(steps, size)`` of very different sizes, away from zero, with changing signs."""
    generator = np.random.default_rng(seed)
    sizes = 10.0 ** generator.uniform(-3, 1, size=size)
    return [
        sizes * generator.choice([-1.0, 1.0], size=size) * generator.uniform(0.3, 1, size=size) for _ in range(steps)
    ]


def by_torch(make, given_):
    """Return the updates (what is subtracted) that a torch optimiser makes of these gradients."""
    torch = pytest.importorskip("torch", reason="torch is the oracle here")
    parameter = torch.nn.Parameter(torch.zeros(len(given_[0]), dtype=torch.float64))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        optimiser = make(torch.optim, [parameter])
        updates = []
        for gradient in given_:
            before = parameter.detach().numpy().copy()
            parameter.grad = torch.tensor(gradient)
            optimiser.step()
            updates.append(before - parameter.detach().numpy())
    return updates


CASES = {
    "adam": (optimisers.adam(), lambda optim, p: optim.Adam(p, lr=RATE)),
    "adam, other betas": (optimisers.adam(0.5, 0.9, 1e-4), lambda optim, p: optim.Adam(p, lr=RATE, betas=(0.5, 0.9), eps=1e-4)),
    "adamax": (optimisers.adamax(), lambda optim, p: optim.Adamax(p, lr=RATE)),
    "rmsprop": (optimisers.rmsprop(0.99), lambda optim, p: optim.RMSprop(p, lr=RATE, alpha=0.99)),
    "rmsprop, eps": (optimisers.rmsprop(0.9, 1e-3), lambda optim, p: optim.RMSprop(p, lr=RATE, alpha=0.9, eps=1e-3)),
    "adagrad": (optimisers.adagrad(), lambda optim, p: optim.Adagrad(p, lr=RATE)),
    "rprop": (optimisers.rprop(variant="irprop-"), lambda optim, p: optim.Rprop(p, lr=RATE, step_sizes=(0.0, np.inf))),
    "sign descent": (optimisers.sign_descent, lambda optim, p: optim.Rprop(p, lr=RATE, etas=(0.5, 1.2), step_sizes=(RATE, RATE))),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(set(CASES) - {"sign descent"}))
@settings(max_examples=15, deadline=None)
@given(seed=seeds)
def test_equals_torch(name, seed):
    mine, theirs = CASES[name]
    given_ = gradients(seed)
    expected = by_torch(theirs, given_)
    for update, wanted in zip(mine(given_), expected, strict=True):
        np.testing.assert_allclose(RATE * update, wanted, rtol=1e-9, atol=1e-12)


@settings(max_examples=15, deadline=None)
@given(seed=seeds)
def test_sign_descent_has_torchs_rprop_without_its_memory_for_a_first_step(seed):
    given_ = gradients(seed, steps=1)
    (wanted,) = by_torch(CASES["sign descent"][1], given_)
    np.testing.assert_allclose(RATE * optimisers.sign_descent(given_)[0], wanted, rtol=1e-12, atol=1e-12)


@settings(deadline=None)
@given(seed=seeds)
def test_uncorrected_adam_is_the_recurrence_alone(seed):
    given_ = gradients(seed)
    m, v = np.zeros_like(given_[0]), np.zeros_like(given_[0])
    for g, update in zip(given_, optimisers.adam(corrected=False)(given_), strict=True):
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
        np.testing.assert_allclose(update, m / (v**0.5 + 1e-8), rtol=1e-12, atol=1e-12)


@settings(deadline=None)
@given(seed=seeds)
def test_nadam_looks_one_step_ahead(seed):
    # Dozat 2016 without the schedule: the moment that the next step would have with the same gradient.
    given_ = gradients(seed)
    m = [np.zeros_like(given_[0])]
    for g in given_:
        m.append(0.9 * m[-1] + 0.1 * g)
    v = np.zeros_like(given_[0])
    for t, (g, update) in enumerate(zip(given_, optimisers.adam(nesterov=True)(given_), strict=True), start=1):
        v = 0.999 * v + 0.001 * g * g
        top = (0.9 * m[t] + 0.1 * g) / (1 - 0.9**t)
        np.testing.assert_allclose(update, top / (np.sqrt(v / (1 - 0.999**t)) + 1e-8), rtol=1e-12, atol=1e-12)


@settings(deadline=None)
@given(seed=seeds)
def test_lion_follows_the_sign_of_an_interpolation(seed):
    given_ = gradients(seed)
    m = np.zeros_like(given_[0])
    for g, update in zip(given_, optimisers.lion()(given_), strict=True):
        assert np.array_equal(update, np.sign(0.9 * m + 0.1 * g))
        m = 0.99 * m + 0.01 * g


@settings(deadline=None)
@given(signs=st.lists(st.sampled_from([-1.0, 1.0]), min_size=2, max_size=8))
def test_rprop_minus_grows_by_up_and_shrinks_by_down_with_the_signs_alone(signs):
    updates = optimisers.rprop()([np.array([sign]) for sign in signs])
    size = 1.0
    for i, (sign, update) in enumerate(zip(signs, updates, strict=True)):
        if i:
            size *= 1.2 if signs[i - 1] == sign else 0.5
        assert update[0] == pytest.approx(sign * size)


@settings(deadline=None)
@given(seed=seeds)
def test_rmsprop_with_epsilon_under_the_root(seed):
    (g,) = gradients(seed, steps=1)
    (update,) = optimisers.rmsprop(0.9, 1e-3, inside=True)([g])
    np.testing.assert_allclose(update, g / np.sqrt(0.1 * g**2 + 1e-3), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("rule", ADAPTIVE, ids=lambda rule: rule.label)
def test_every_known_rule_moves_down_and_ignores_no_component(rule):
    given_ = gradients(3, steps=1)
    (update,) = rule.run(given_)
    assert (np.sign(update) == np.sign(given_[0])).all()


@pytest.mark.parametrize("rule", ADAPTIVE, ids=lambda rule: rule.label)
def test_every_known_rule_sees_no_later_gradient_and_changes_none(rule):
    given_ = gradients(4, steps=5)
    copies = [g.copy() for g in given_]
    whole = rule.run(given_)
    assert all(np.array_equal(g, copy) for g, copy in zip(given_, copies, strict=True))
    assert len(whole) == 5
    for one, other in zip(rule.run(given_[:3]), whole[:3], strict=True):
        assert np.array_equal(one, other)


def test_labels_name_one_rule_each():
    labels = [rule.label for rule in ADAPTIVE]
    assert len(set(labels)) == len(labels)


def test_known_rules_differ_within_four_steps():
    # What two rules do alike cannot be told apart; only pairs known to coincide there may.
    # Sizes that swing from step to step, so that a momentum outvotes the newest sign now and then.
    given_ = [g * scale for g, scale in zip(gradients(5, steps=4), (1e-2, 1e-5, 1e-3, 1e-5), strict=True)]
    seen = [np.concatenate(rule.run(given_)) for rule in ADAPTIVE]
    alike = {
        (ADAPTIVE[i].label, ADAPTIVE[j].label)
        for i in range(len(seen))
        for j in range(i)
        if np.abs(seen[i] - seen[j]).max() <= 1e-12 * np.abs(seen[i]).max()
    }
    assert alike == set()
