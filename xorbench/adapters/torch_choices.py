"""Which loss and which optimiser a `torch.nn.Module` is trained with, and what they say of its outputs."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from xorbench.adapters.torch_outputs import are_shares, are_two, between_0_and_1
from xorbench.errors import UsageError, unknown

#: Attributes in which modules keep their loss.
LOSS_ATTRIBUTES = ("criterion", "loss_fn", "loss_function", "loss_func")

RATE = 0.1  # where neither the module nor the user says one


@dataclass(frozen=True)
class LossFacts:
    """A loss of `torch.nn`: its class, what outputs mean under it, the codes of the labels, what it is."""

    kind: str
    output: str
    targets: tuple[float, float]
    loss_kind: str
    by_class: bool = False  # takes two outputs and the index of the right one


#: By the value of the option `loss`. The two-class losses are the cross-entropy of the difference of the two outputs.
LOSSES: dict[str, LossFacts] = {
    "bce-with-logits": LossFacts("BCEWithLogitsLoss", "logit", (0.0, 1.0), "bce"),
    "bce": LossFacts("BCELoss", "probability", (0.0, 1.0), "bce"),
    "mse": LossFacts("MSELoss", "score", (0.0, 1.0), "mse"),
    "cross-entropy": LossFacts("CrossEntropyLoss", "logit", (0.0, 1.0), "bce", by_class=True),
    "nll": LossFacts("NLLLoss", "logit", (0.0, 1.0), "bce", by_class=True),
    "soft-margin": LossFacts("SoftMarginLoss", "logit", (-1.0, 1.0), "own"),
}

#: By the value of the option `optimiser`: class in `torch.optim` and its further arguments.
OPTIMISERS: dict[str, tuple[str, Mapping[str, Any]]] = {
    "sgd": ("SGD", {}),
    "momentum": ("SGD", {"momentum": 0.9}),
    "nesterov": ("SGD", {"momentum": 0.9, "nesterov": True}),
    "adam": ("Adam", {}),
    "rmsprop": ("RMSprop", {}),
    "rprop": ("Rprop", {}),
}


def make_loss(option: str) -> Any:
    """Return the loss that this value of the option names; raise UsageError for one that is none."""
    import torch

    if option not in LOSSES:
        raise unknown("loss", option, LOSSES)
    return getattr(torch.nn, LOSSES[option].kind)()


def facts_of(loss: Any) -> LossFacts:
    """Return what is known of a loss; one of a stranger's own is "own", on codes 0 and 1."""
    kind = type(loss).__name__
    known = next((facts for facts in LOSSES.values() if facts.kind == kind), None)
    if known is None:
        return LossFacts(kind, "score", (0.0, 1.0), "own")
    smoothed: Any = getattr(loss, "label_smoothing", None)
    weighted = any(getattr(loss, name, None) is not None for name in ("weight", "pos_weight"))
    if weighted or smoothed:
        named = "own"
    else:
        sums = {"bce": "sum_bce", "mse": "sse"}
        reduction = getattr(loss, "reduction", "mean")
        named = known.loss_kind if reduction == "mean" else sums.get(known.loss_kind, "own")
    return replace(known, loss_kind=named)


def fitting_loss(outputs: Any) -> str:
    """Return the option of the loss that fits these outputs ``(n, 1)``, ``(n,)`` or ``(n, 2)``.

    They are to come from inputs far out, where of all outputs only squashed ones stay between 0 and 1. Two that are
    probabilities already are given `bce`, each against its own code: half of it from each is the cross-entropy.
    """
    if are_shares(outputs):
        return "bce"
    if are_two(outputs):
        # Log-probabilities are never positive; anything else is taken for two logits.
        return "nll" if bool((outputs <= 0).all()) else "cross-entropy"
    return "bce" if between_0_and_1(outputs) else "bce-with-logits"


def choose_optimiser(module: Any, option: str | None, learning_rate: float | None) -> Any:
    """Return the module's own optimiser, or the one that `option` names, or plain descent; None with nothing to train.

    A module's own is an attribute `optimizer` or what ``configure_optimizers()`` returns. `learning_rate` goes before
    the module's own attribute `learning_rate` or `lr`, and that before RATE. With `option` nothing of the module's is asked.
    """
    import torch

    if option is not None and option not in OPTIMISERS:
        raise unknown("optimiser", option, OPTIMISERS)
    own = own_optimiser(module) if option is None else None
    if own is not None:
        if learning_rate is not None:
            first = own.param_groups[0]["lr"]
            for group in own.param_groups:  # each keeps its share of the first one's rate
                group["lr"] = learning_rate * (group["lr"] / first if first else 1)
        return own
    trained = [parameter for parameter in module.parameters() if parameter.requires_grad]
    if not trained:
        return None
    declared = [getattr(module, name, None) for name in ("learning_rate", "lr")]
    rate = next((value for value in (learning_rate, *declared) if isinstance(value, (int, float))), RATE)
    name, arguments = OPTIMISERS[option or "sgd"]
    return getattr(torch.optim, name)(trained, lr=rate, **arguments)


def own_optimiser(module: Any) -> Any:
    """Return the optimiser that a module brings, or None; raise UsageError for something that is none.

    Taken for plain descent it would be judged as what it is not.
    """
    import torch

    kind = type(module).__name__
    for name in ("optimizer", "optimiser"):
        found = getattr(module, name, None)
        if isinstance(found, torch.optim.Optimizer):
            return found
        if found is not None:
            raise UsageError(
                f"{kind}.{name} is {_shown(found)}, no torch.optim.Optimizer; set it to one, or name the option optimiser"
            )
    if not callable(getattr(module, "configure_optimizers", None)):
        return None
    given = module.configure_optimizers()
    found = _unwrapped(given)
    if not isinstance(found, torch.optim.Optimizer):
        raise UsageError(
            f"{kind}.configure_optimizers() returned {_shown(given)}; a step takes one optimiser: return it alone, as "
            '{"optimizer": it, ...} or as [it], [schedules], or name the option optimiser'
        )
    return found


def _unwrapped(given: Any) -> Any:
    """Return the one optimiser in what Lightning takes from `configure_optimizers()`: a dict, a list, two lists."""
    if isinstance(given, Mapping):
        return given.get("optimizer")
    if not isinstance(given, (list, tuple)):
        return given
    if len(given) == 2 and isinstance(given[0], (list, tuple)):  # optimisers and schedules
        given = given[0]
    return _unwrapped(given[0]) if len(given) == 1 else None


def _shown(value: Any) -> str:
    """Say in a few words what was given for an optimiser."""
    if isinstance(value, (list, tuple)):
        return f"a {type(value).__name__} of {len(value)}"
    return repr(value) if value is None or isinstance(value, str) else f"a {type(value).__name__}"


def needs_closure(optimiser: Any) -> bool:
    """Whether a step of this optimiser evaluates the loss itself, as often as it likes, as L-BFGS does."""
    try:
        closure = inspect.signature(optimiser.step).parameters.get("closure")
    except (TypeError, ValueError):
        return False
    return closure is not None and closure.default is inspect.Parameter.empty


def optimiser_kind(optimiser: Any) -> str | None:
    """Return the contract's name of an optimiser; "other" where its groups of parameters have settings of their own."""
    if optimiser is None:
        return None
    groups = [
        {key: value for key, value in group.items() if key not in ("params", "weight_decay", "param_names")}
        for group in optimiser.param_groups
    ]
    if any(group != groups[0] for group in groups):
        return "other"
    kind = type(optimiser).__name__.lower()
    if kind == "sgd":
        group = optimiser.param_groups[0]
        return "sgd" if not group["momentum"] else "nesterov" if group["nesterov"] else "momentum"
    return kind if kind in ("adam", "rmsprop", "rprop") else "other"
