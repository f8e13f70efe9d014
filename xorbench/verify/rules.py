"""The rules: each a defect with a stable id. Their pages are in ``docs/rules/`` and printed by ``xorbench explain``."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from xorbench.errors import unknown
from xorbench.records import Severity


@dataclass(frozen=True)
class Rule:
    """One rule: `severity` is its default, a finding may be milder where the rule's page says so."""

    id: str
    slug: str
    title: str
    mend: str
    severity: Severity = "error"
    cause: int = 50  # order of findings: the lower, the nearer to the root cause


RULES: dict[str, Rule] = {
    rule.id: rule
    for rule in (
        Rule("XM01", "derivative-of-activated-value", "activation derivative evaluated on the wrong one of z and a",
             "If the formula is a*(1-a), feed it the activation a; if it calls the activation itself, feed it z.", cause=20),
        Rule("XM02", "output-derivative-missing", "the output activation's derivative is missing for the loss",
             "For squared error the output delta is (a - y) * f'(z), and the hidden layers must receive that same delta; "
             "or use cross-entropy, for which it is a - y.", cause=20),
        Rule("XM03", "gradient-sign", "a parameter group moves uphill",
             "Flip the sign: parameters move against the gradient of the loss, p -= rate * dL/dp.", cause=20),
        Rule("XM04", "error-signal", "a hidden gradient has a wrong direction",
             "The hidden delta is (delta_next @ W_next.T) * f'(z), and its weight gradient inputs.T @ delta.", cause=25),
        Rule("XM05", "delta-from-updated-weights", "hidden deltas computed after the next layer was already updated",
             "Compute the deltas of all layers first, then update the parameters.", cause=20),
        Rule("XM06", "parameter-never-updated", "a group never moves although its gradient is not zero",
             "Update this parameter too, or register it with the optimiser.", cause=20),
        Rule("XM07", "bias-gradient", "only biases are wrong",
             "A bias's gradient is its unit's delta, reduced over rows exactly as the weights' is, and nothing else.", cause=22),
        Rule("XM08", "gradients-accumulate", "the gradient buffer is not reset between steps",
             "Set the gradients to zero before each backward pass.", cause=18),
        Rule("XM09", "learning-rate-twice", "a group scales with the square of the learning rate",
             "Multiply by the learning rate once, at the update.", cause=20),
        Rule("XM10", "update-assigns", "the update replaces the parameter instead of adding to it",
             "Write p -= rate * gradient, not p = -rate * gradient.", cause=15),
        Rule("XM11", "optimiser-state-shared", "optimiser state shared by layers, or missing for some",
             "Give every parameter its own state, and pass all of them through the same rule.", cause=20),
        Rule("XM12", "hyper-parameter-ignored", "an accepted setting changes nothing",
             "Use the argument, or do not accept it.", cause=30),
        Rule("XM13", "gradient-scale", "all groups are off by one factor against the declared loss",
             "Harmless: declare the loss that is minimised (sum or mean, with or without the half), or change the rate.",
             severity="note", cause=80),
        Rule("XM14", "update-disagrees", "gradients() is right, step() applies something else",
             "Let step() apply the gradients that gradients() returns.", cause=28),
        Rule("XM15", "gradient-wrong", "the gradient is wrong, and no narrower rule explains it",
             "Compare each term of the backward pass with central differences of the loss.", cause=35),
        Rule("XM16", "gradient-of-another-loss", "the update descends another loss than the declared one",
             "Declare the loss that the update minimises, or differentiate the one that is declared.", cause=24),
        Rule("XI01", "symmetric-start", "hidden units are copies of one another and stay so",
             "Draw the initial weights at random, each unit differently.", cause=20),
        Rule("XI02", "tiny-start", "a plateau from tiny weights, the gradients being right",
             "Draw larger initial weights, for example Xavier: deviation sqrt(2 / (fan_in + fan_out)).", cause=40),
        Rule("XI03", "saturated-start", "units saturated at the start, gradients vanish",
             "Draw smaller initial weights, for example Xavier.", cause=40),
        Rule("XI04", "seed-ignored", "the seed, or one value of it, does not control the run",
             "Make a generator from the seed, numpy.random.default_rng(seed), and draw everything from it; test `seed is None`.",
             cause=30),
        Rule("XI05", "global-state", "reads or changes global random state, threads, dtypes, or state shared by instances",
             "Keep a generator and all state in the instance.", cause=30),
        Rule("XC01", "additive", "no effective hidden non-linearity", "Put a non-linear activation between the layers.", cause=12),
        Rule("XC02", "dead-unit", "a hidden unit is constant on every row",
             "Use another seed or a leaky activation, or smaller negative biases.", cause=11),
        Rule("XC03", "constant-output", "the output cannot move",
             "One output needs a sigmoid, not a softmax: softmax over one unit is always 1.", cause=5),
        Rule("XC04", "bias-missing", "the function at the origin is fixed", "Add a bias to the hidden and the output units.", cause=27),
        Rule("XD01", "other-table", "it learned another Boolean function",
             "Check how targets are read: which code is true, which row belongs to which label.", cause=30),
        Rule("XD02", "target-broadcast", "predictions (n,) against targets (n, 1) silently become (n, n)",
             "Give both the same shape before subtracting, for example targets.reshape(outputs.shape).", cause=8),
        Rule("XD03", "output-mismatch", "outputs, loss or threshold do not fit each other",
             "Declare output = 'logit' or 'score' if that is what predict returns, or squash it with a sigmoid.", cause=16),
        Rule("XD04", "row-forgotten", "only some of the rows count",
             "Use every row of the batch in the update: sum or average over rows.", cause=10),
        Rule("XD05", "sequence-state", "a sequence's answer depends on other sequences or on the wrong axis",
             "Start every sequence from the same state, and give every row its own length and label.", cause=10),
        Rule("XT01", "undertrained", "right, needs a larger budget", "Train longer or raise the learning rate.",
             severity="note", cause=90),
        Rule("XT02", "diverges", "the loss rises or is not finite, and a smaller rate works", "Lower the learning rate.", cause=40),
        Rule("XT03", "unlucky-start", "right, and some seeds fail as expected",
             "Nothing is wrong; more hidden units or restarts raise the share of seeds that learn.", severity="note", cause=95),
        Rule("XT04", "does-not-learn", "no seed learned the task, and nothing moves any more",
             "Give the harness get_parameters, set_parameters and step, so that the defect can be named.", cause=60),
        Rule("XA01", "shapes", "a member breaks its contract for a legal batch",
             "Return one number per row, for any number of rows from 1.", cause=3),
        Rule("XA02", "caller-data-changed", "arguments are mutated", "Copy the arrays before changing them.", cause=30),
        Rule("XA03", "predict-changes-model", "predict changes the model", "Let predict compute and return, nothing else.", cause=20),
        Rule("XA04", "batch-dependent", "a row's answer depends on its neighbours",
             "Compute each row from its own features alone.", cause=20),
        Rule("XA05", "reported-loss", "the reported loss is not the loss",
             "Return the loss of this batch, computed from the outputs before the update.", cause=45),
        Rule("XA06", "not-finite", "an output, a loss or a parameter is not finite",
             "Use forms that do not overflow: expit, logaddexp, and a clipped logarithm.", cause=19),
        Rule("XA07", "raised", "a member raised an exception", "Read the traceback: the lowest line that is yours is where to look.", cause=2),
        Rule("XA08", "hung", "a member did not return", "Bound the loop, or raise --time-limit if it is only slow.", cause=1),
        Rule("XA09", "crashed", "the process died", "Run the reproduction line under a debugger.", cause=1),
    )
}  # fmt: skip


def get_rule(name: str) -> Rule:
    """Return the rule of this id or slug; raise UsageError with the nearest one."""
    if name.upper() in RULES:
        return RULES[name.upper()]
    for rule in RULES.values():
        if rule.slug == name.casefold():
            return rule
    raise unknown("rule", name, [*RULES, *(rule.slug for rule in RULES.values())])


def page(rule: Rule) -> str:
    """Return the rule's page in Markdown."""
    name = f"{rule.id}.md"
    try:
        return (files("xorbench.docs.rules") / name).read_text(encoding="utf-8")
    except (ModuleNotFoundError, FileNotFoundError):  # a checkout that is not installed
        return (Path(__file__).parents[2] / "docs" / "rules" / name).read_text(encoding="utf-8")
