"""The loss that a module computes itself: `training_step(batch, batch_idx)`, as Lightning calls it.

The batch is ``(inputs, targets)``. Which shape its targets have is the business of a data loader that is not here, so the
forms are tried, and the first is taken in which the loss is a known one of the outputs, else one in which every row has a
loss of its own, (n,) against (n, 1) not having become (n, n), else the first that it takes.
"""

from __future__ import annotations

import copy
import inspect
import warnings
from collections.abc import Callable, Mapping
from typing import Any

from xorbench.adapters.torch_choices import LOSSES
from xorbench.adapters.torch_outputs import are_two, between_0_and_1
from xorbench.errors import UsageError

#: Forms of targets ``(n, 1)`` of codes 0 and 1.
FORMS: dict[str, Callable[[Any], Any]] = {
    "column": lambda wanted: wanted,
    "flat": lambda wanted: wanted.ravel(),
    "classes": lambda wanted: wanted.ravel().long(),
    "one code each": lambda wanted: (wanted == wanted.new_tensor([[0.0, 1.0]])).to(wanted.dtype),  # (n, 2)
}


def has_own_step(module: Any) -> bool:
    """Whether a module has a `training_step` that takes a batch; one of other arguments is something else."""
    step = getattr(module, "training_step", None)
    if not callable(step):
        return False
    names = list(inspect.signature(step).parameters)
    return 1 <= len(names) <= 2 and "batch" in names[0]


class OwnStep:
    """A module's `training_step` as a loss of inputs and targets, and the known loss that it is, if it is one."""

    def __init__(self, module: Any, inputs: Any) -> None:
        """Look, on a copy and without its dropout, which form of targets it takes for these rows."""
        import torch

        self._module = module
        self._alone = len(inspect.signature(module.training_step).parameters) == 1
        wanted = (torch.arange(len(inputs), device=inputs.device) % 3 == 0).to(inputs.dtype).reshape(-1, 1)
        looked = copy.deepcopy(module).eval()  # for what else it may do
        with torch.random.fork_rng(devices=[]):
            with torch.no_grad():
                outputs = looked(inputs)
            known = {
                form: _known(value, outputs, wanted) for form, value in self._tried(looked, inputs, outputs, wanted)
            }
            rated = {
                form: 2 * (loss is not None) + self._is_of_rows(looked, inputs, FORMS[form](wanted))
                for form, loss in known.items()
            }
        form = max(rated, key=rated.__getitem__)  # the first of the best
        self._form = FORMS[form]
        self.known = known[form]

    def _tried(self, module: Any, inputs: Any, outputs: Any, wanted: Any) -> list[tuple[str, Any]]:
        """Return the forms that it takes with its losses; raise UsageError where there is none."""
        order = ("classes", "one code each", "column", "flat") if are_two(outputs) else ("column", "flat", "classes")
        taken: list[tuple[str, Any]] = []
        said: list[str] = []
        for form in order:
            try:
                taken.append((form, self._heard(module, inputs, FORMS[form](wanted))))
            except UsageError:
                raise
            except Exception as error:
                said.append(f"{type(error).__name__}: {error}".splitlines()[0])
        if not taken:
            raise UsageError(
                f"{type(module).__name__}.training_step(batch) raised {said[0]}, given (inputs, targets) for a batch; let it "
                "take them, or name the option loss"
            )
        return taken

    def _heard(self, module: Any, inputs: Any, wanted: Any) -> Any:
        with warnings.catch_warnings(record=True) as heard:
            warnings.simplefilter("always")
            value = self._called(module, inputs, wanted)
        if any("target size" in str(one.message) for one in heard):
            raise ValueError("its outputs and targets were spread to one another's shape")
        return value

    def _is_of_rows(self, module: Any, inputs: Any, wanted: Any) -> bool:
        """Whether the loss of a batch is the mean or the sum of those of its rows."""
        import torch

        try:
            rows = [self._called(module, *one) for one in zip(inputs.split(1), wanted.split(1), strict=True)]
        except Exception:
            return False  # it takes no single row
        whole, each = self._called(module, inputs, wanted), torch.stack(rows)
        return any(bool(torch.isclose(whole, all_, rtol=1e-4, atol=1e-7)) for all_ in (each.mean(), each.sum()))

    def __call__(self, inputs: Any, wanted: Any) -> Any:
        """Return the loss of a batch, targets ``(n, 1)``."""
        return self._called(self._module, inputs, self._form(wanted))

    def _called(self, module: Any, inputs: Any, wanted: Any) -> Any:
        import torch

        batch = (inputs, wanted)
        found = module.training_step(batch) if self._alone else module.training_step(batch, 0)
        loss = found.get("loss") if isinstance(found, Mapping) else found
        if not isinstance(loss, torch.Tensor) or loss.numel() != 1 or not loss.requires_grad:
            raise UsageError(
                f"{type(module).__name__}.training_step(batch) returned {type(found).__name__}, no loss that a gradient can "
                "be taken of; return the loss as a tensor, or name the option loss"
            )
        return loss.reshape(())


def _known(value: Any, outputs: Any, wanted: Any) -> Any | None:
    """Return the loss of `torch.nn` that has this value for these outputs, or None."""
    import torch

    by_class = are_two(outputs)
    for facts in LOSSES.values():
        if facts.by_class != by_class or facts.targets != (0.0, 1.0):
            continue
        if facts.kind == "BCELoss" and not between_0_and_1(outputs):
            continue
        target = FORMS["classes"](wanted) if by_class else wanted.reshape(outputs.shape)
        for reduction in ("mean", "sum"):
            loss = getattr(torch.nn, facts.kind)(reduction=reduction)
            if torch.isclose(loss(outputs, target), value.detach(), rtol=1e-5, atol=1e-7):
                return loss
    return None
