"""Published results come out again; nothing unverified is called published; what does not reproduce says so."""

import math
from pathlib import Path

import numpy as np
import pytest

from xorbench.errors import ExitCode, UsageError
from xorbench.reproductions import NAMES, deterministic_runs, get_reproduction, guessing, perceptron, quickprop
from xorbench.reproductions import separable_functions as separable
from xorbench.reproductions.page import as_markdown, as_text
from xorbench.reproductions.result import Figure, Tag, Verdict, mean_interval

PAGE = Path(__file__).parents[2] / "docs" / "reproductions.md"

#: Enough evidence in seconds for the default run; the others are slow.
CHEAP = ("deterministic-runs", "perceptron", "separable-functions", "rprop", "quickprop", "fixed-epochs")


def figure(stated, measured, *, tag=Tag.SEEN, **about):
    return Figure(what="w", stated=stated, tag=tag, source="s", measured=measured, **about)


# Integers and bits


@pytest.mark.parametrize(("seed", "epochs"), [(0, 1393), (3, 531)])
def test_published_epochs_of_a_full_batch_run(seed, epochs):
    assert deterministic_runs.full_batch(seed) == epochs


def test_published_epochs_of_an_online_run():
    assert deterministic_runs.online(range(1, 2)) == [3390]


@pytest.mark.slow
def test_forty_of_fifty_online_runs_end_and_the_first_that_does_not_is_seed_7():
    stopped = deterministic_runs.online(range(1, 51))
    assert sum(epoch is not None for epoch in stopped) == 40
    assert stopped.index(None) + 1 == 7


def test_perceptron_integers():
    for gate, expected in perceptron.EXPECTED.items():
        assert perceptron.train(perceptron.GATES[gate]) == expected
    assert perceptron.train(perceptron.GATES["xor"]) is None


@pytest.mark.parametrize(("bits", "count"), [(2, 14), (3, 104), (4, 1882)])
def test_separable_functions_counted_from_both_sides(bits, count):
    assert separable.by_weights(bits) == count
    if bits < 4:
        assert separable.separable(bits) == count


@pytest.mark.slow
def test_separable_functions_of_four_inputs_by_the_rule():
    assert separable.separable(4) == 1882


# Distributions


@pytest.mark.parametrize("name", CHEAP)
def test_the_cheap_ones_reproduce(name):
    """At one seed; an interval of 95 % misses now and then, so one figure in ten may."""
    figures = get_reproduction(name).run("quick", 1)
    bad = [one.what for one in figures if one.verdict in (Verdict.NO, Verdict.DIFFERS)]
    assert len(bad) <= len(figures) // 10


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(set(NAMES) - set(CHEAP)))
def test_the_costly_ones_reproduce(name):
    figures = get_reproduction(name).run("quick", 1)
    assert [one.what for one in figures if one.verdict is Verdict.NO] == []


def test_quickprop_restarts_are_counted_in_the_epochs():
    epochs, restarts = quickprop.train(np.random.default_rng(0), 500)
    assert ((epochs >= restarts * quickprop.RESTART) & (epochs < (restarts + 1) * quickprop.RESTART)).all()
    assert restarts.max() >= 1


def test_guessing_recognises_a_net_that_solves_parity_and_one_that_does_not():
    """A net made by hand: the output flips at each +1 and keeps at each -1."""
    net = guessing.NETS["A2 without self-connections"]
    weights = np.zeros((net.weights, 2))
    # Unit 0: bit and not output; unit 1: output and not bit; the output is their or.
    big = 100.0
    weights[[0, 1], 0] = big, -big
    weights[[10, 11], 0] = -2 * big, 2 * big
    weights[[20, 21], 0] = -big / 2, -big * 3 / 2
    weights[[32, 33], 0] = big, big
    weights[31, 0] = -big / 2
    data = guessing.sequences(np.random.default_rng(3), 100)
    assert guessing.solved(net, weights, data).tolist() == [True, False]
    assert sum(odd for _, odd in data) == 50
    assert all(((bits > 0).sum() % 2 == 1) == odd and 500 <= len(bits) <= 600 for bits, odd in data)


# Honesty


@pytest.mark.parametrize(
    ("one", "verdict"),
    [
        (figure(3, 3), Verdict.YES),
        (figure(3, 4), Verdict.NO),
        (figure(None, 4), Verdict.OPEN),
        (figure(3, None), Verdict.OPEN),
        (figure("yes", "no"), Verdict.NO),
        (figure(0.80, 0.84, low=0.82, high=0.86, n=100), Verdict.NO),
        (figure(0.80, 0.84, low=0.82, high=0.86, n=100, tolerance=0.05), Verdict.YES),
        (figure(0.84, 0.80, low=0.82, high=None, n=100), Verdict.YES),  # open above
        (figure(0.80, 0.84, low=0.82, high=None, n=100), Verdict.NO),
        (figure(5, 5, tag=Tag.UNVERIFIED), Verdict.AGREES),
        (figure(5, 6, tag=Tag.HERE), Verdict.DIFFERS),
    ],
)
def test_the_verdict_is_a_rule(one, verdict):
    assert one.verdict is verdict


def test_only_what_was_read_is_called_published():
    assert [tag for tag in Tag if "published" in tag.value] == [Tag.SEEN]


@pytest.mark.parametrize("show", [as_text, as_markdown])
def test_what_does_not_reproduce_is_shown_as_such(show):
    reproduction = get_reproduction("quickprop")
    about = {"size": "full", "seed": 0, **({"wall_s": 1.0} if show is as_text else {})}
    text = show(reproduction, [figure(41_400, 12_368.0, low=9000.0, high=16_000.0, n=1000)], **about)
    assert "does not reproduce" in text
    assert "41,400" in text
    assert "12,368" in text
    assert reproduction.protocol in text
    assert reproduction.caution in text


def test_every_name_has_a_reproduction_of_that_name():
    for name in NAMES:
        reproduction = get_reproduction(name)
        assert reproduction.name == name
        assert reproduction.protocol
        assert reproduction.quick


def test_an_unknown_name_gets_the_nearest():
    with pytest.raises(UsageError, match="did you mean 'quickprop'"):
        get_reproduction("quickprob")


def test_mean_interval_of_one_value_is_open():
    assert mean_interval([3.0]) == (3.0, -math.inf, math.inf)
    mean, low, high = mean_interval([1.0, 2.0, 3.0])
    # t(0.975, 2 degrees) = 4.303, standard error 1/sqrt(3)
    assert (mean, low, high) == pytest.approx((2.0, 2 - 4.3027 / 3**0.5, 2 + 4.3027 / 3**0.5), abs=1e-4)


# The command and the page


def invoke(*arguments):
    from click.testing import CliRunner

    from xorbench.commands.reproduce import command

    return CliRunner().invoke(command, arguments, standalone_mode=False)


def test_the_command_lists_runs_and_writes(tmp_path):
    listed = invoke()
    assert listed.return_value == ExitCode.OK
    assert all(name in listed.output for name in NAMES)
    page = tmp_path / "page.md"
    ran = invoke("perceptron", "--output", str(page))
    assert ran.return_value == ExitCode.OK
    assert "Novikoff" in ran.output
    assert "perceptron" in page.read_text(encoding="utf-8")


def test_bad_input_of_the_command(tmp_path):
    for arguments, said in (
        (("perceptron", "--all"), "drop perceptron"),
        (("nobody",), "nobody"),
        (("perceptron", "--output", str(tmp_path / "no" / "page.md")), "cannot write"),
    ):
        result = invoke(*arguments)
        assert isinstance(result.exception, UsageError)
        assert said in str(result.exception)


@pytest.mark.parametrize("name", ["perceptron", "separable-functions", "deterministic-runs"])
@pytest.mark.slow
def test_the_committed_page_is_what_comes_out(name):
    """The deterministic sections, byte for byte."""
    reproduction = get_reproduction(name)
    section = as_markdown(reproduction, reproduction.run("full", 0), size="full", seed=0)
    assert section.strip() in PAGE.read_text(encoding="utf-8")


def test_the_committed_page_has_every_reproduction_with_its_protocol():
    page = PAGE.read_text(encoding="utf-8")
    for name in NAMES:
        reproduction = get_reproduction(name)
        assert f"(`{name}`)" in page
        assert reproduction.protocol in page
        assert reproduction.caution in page
