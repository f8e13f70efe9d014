"""`torch.nn.Module`, as a class or as an instance, trained by one optimiser step per `step`.

The loss and the optimiser are the module's own where it has them: a loss from `training_step(batch, batch_idx)`, or in
one of LOSS_ATTRIBUTES, an optimiser in
`optimizer` or from `configure_optimizers()`, in any form with one optimiser that Lightning takes; its schedules are not
stepped. Else the options `loss` and `optimiser` choose them; plain descent is the
default. What the output means follows from the loss: `BCEWithLogitsLoss` says logits, `BCELoss` probabilities,
`CrossEntropyLoss` and `NLLLoss` two outputs whose difference is the logit. Where no loss is said, the outputs are
looked at; and where they are squashed already, they are probabilities whatever the loss takes them for.
"""

from __future__ import annotations

import contextlib
import copy
import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from xorbench.adapters.signature import Factory, own_keywords, with_signature
from xorbench.adapters.torch_choices import (
    LOSS_ATTRIBUTES,
    choose_optimiser,
    facts_of,
    fitting_loss,
    make_loss,
    needs_closure,
    optimiser_kind,
)
from xorbench.adapters.torch_outputs import are_shares, are_two, between_0_and_1, far_out
from xorbench.adapters.torch_own_step import OwnStep, has_own_step
from xorbench.adapters.torch_unregistered import unregistered, unregistered_layers
from xorbench.errors import UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Rows = NDArray[np.float64]


def is_module(found: Any) -> bool:
    """Whether this is a `torch.nn.Module` or a class of them that does not follow the contract itself."""
    torch = sys.modules.get("torch")
    if torch is None or callable(getattr(found, "predict", None)):
        return False
    kind = found if inspect.isclass(found) else type(found)
    return issubclass(kind, torch.nn.Module)


def factory(found: Any) -> Factory | None:
    """Return a factory for a module, its class, or a function that is annotated to return one.

    The options are those of the class or function, and `loss` and `optimiser`. Initial weights are drawn under `seed`
    without touching the global generator. A ready-made instance is drawn afresh by its layers' `reset_parameters()`;
    with the option ``redraw=false`` every model is an exact copy of it.
    """
    ready_made = is_module(found) and not inspect.isclass(found)
    if not is_module(found) and not _returns_module(found):
        return None
    own = {} if ready_made else own_keywords(found)
    keywords: dict[str, Any] = {"loss": None, "optimiser": None, "learning_rate": None, "seed": 0, "device": "cpu"}
    if ready_made:
        keywords["redraw"] = True

    def make(*, redraw: bool = True, **given: Any) -> Any:
        import torch

        about = {name: given.get(name) for name in ("loss", "optimiser", "learning_rate") if name not in own}
        passed = {name: value for name, value in given.items() if name in own}
        device = str(given.get("device") or "cpu")
        on_cuda = device.startswith("cuda")
        # A constructor draws from the global generators: lend it those in this state, and give them back as they were.
        with torch.random.fork_rng(devices=range(torch.cuda.device_count()) if on_cuda else []):
            (torch.manual_seed if on_cuda else torch.default_generator.manual_seed)(given.get("seed") or 0)
            module = copy.deepcopy(found) if ready_made else found(**passed)
            if ready_made and redraw:
                _redraw(module)
        if not isinstance(module, torch.nn.Module):
            raise UsageError(f"{found.__qualname__} returned {type(module).__name__} where it says torch.nn.Module")
        return TorchModule(module, device=device, seed=given.get("seed") or 0, **about)

    return with_signature(
        make, {**own, **{name: value for name, value in keywords.items() if name not in own}}, like=found
    )


def adapt(instance: Any) -> Any | None:
    """Return the model for a module that a stranger's factory made, or None for anything else."""
    return TorchModule(instance) if is_module(instance) and not inspect.isclass(instance) else None


def _returns_module(found: Any) -> bool:
    torch = sys.modules.get("torch")
    if torch is None or not inspect.isfunction(found):
        return False
    said = found.__annotations__.get("return")
    if isinstance(said, str):  # under `from __future__ import annotations`, or quoted
        said = _looked_up(said, found.__globals__)
    return inspect.isclass(said) and issubclass(said, torch.nn.Module)


def _looked_up(name: str, namespace: Mapping[str, Any]) -> Any:
    first, *rest = name.split(".")
    value = namespace.get(first)
    for part in rest:
        value = getattr(value, part, None)
    return value


def _redraw(module: Any) -> None:
    for layer in [*module.modules(), *unregistered_layers(module)]:
        if callable(getattr(layer, "reset_parameters", None)):
            layer.reset_parameters()


class TorchModule:
    """A module with its loss and its optimiser. Parameters are those that require a gradient, in the module's order.

    Those that are not registered come first: layers in a plain list are as a rule the hidden ones, before a head.
    """

    def __init__(
        self,
        module: Any,
        *,
        loss: str | None = None,
        optimiser: str | None = None,
        learning_rate: float | None = None,
        device: str = "cpu",
        seed: int = 0,
    ) -> None:
        import torch

        self.module = module.to(device)
        self._training: bool | None = None  # the mode that all layers were put into last
        self._device = device
        self._unregistered = unregistered(module)
        first = next(iter([*module.parameters(), *self._unregistered.values()]), None)
        self._dtype = None if first is None else first.dtype
        self._generator = torch.Generator().manual_seed(seed).get_state()  # of dropout, apart from the global one
        self._draws = any(type(layer).__module__ == "torch.nn.modules.dropout" for layer in module.modules())
        self.reads = getattr(module, "reads", "vector")
        self._choose_loss(loss)
        self._optimiser = choose_optimiser(module, optimiser, learning_rate)
        self._closure = self._optimiser is not None and needs_closure(self._optimiser)
        rates = {group["lr"] for group in self._optimiser.param_groups} if self._optimiser else set()
        self.learning_rate = float(rates.pop()) if len(rates) == 1 else None
        self.optimiser = optimiser_kind(self._optimiser)
        for name in ("output", "targets", "loss_kind", "max_rows"):  # what a module declares of itself holds
            if name in vars(type(module)) or name in vars(module):
                setattr(self, name, getattr(module, name))
        if any(type(layer).__module__ == "torch.nn.modules.activation" for layer in module.modules()):
            self.hidden = self._hidden

    def _choose_loss(self, option: str | None) -> None:
        given = next((getattr(self.module, name) for name in LOSS_ATTRIBUTES if hasattr(self.module, name)), None)
        outputs = self._far_out()
        if option is not None or given is None:
            given = make_loss(option or ("bce-with-logits" if outputs is None else fitting_loss(outputs)))
        used = option is None and outputs is not None and has_own_step(self.module)
        self._own_step = OwnStep(self.module, self._sample()) if used else None
        facts = facts_of(given)
        if self._own_step is not None:
            known = self._own_step.known
            facts = replace(facts, loss_kind="own") if known is None else facts_of(known)
        self._shares = are_shares(outputs)
        self._criterion: Callable[[Any, Any], Any] = given
        self._by_class = facts.by_class
        self._two_outputs = facts.by_class or are_two(outputs)
        self.output = "logit" if self._two_outputs else facts.output
        if self._shares or (self.output == "logit" and facts.loss_kind != "own" and between_0_and_1(outputs)):
            self.output = "probability"  # and a loss that wants logits takes them for what they are not
        self.targets, self.loss_kind = facts.targets, facts.loss_kind
        by_mode = any(isinstance(layer, _different_in_training()) for layer in self.module.modules())
        if by_mode or (self._two_outputs and not facts.by_class):
            self.loss_kind = "own"  # not that of the predictions: of another mode, or of two outputs each

    def _far_out(self) -> Any | None:
        """Return the outputs far out, or None where the module does not take rows of that width."""
        import torch

        parameters = [*self.module.parameters(), *self._unregistered.values()]
        self._width = 2
        for width in self._widths():
            rows = 1e3 * torch.randn(64, width, generator=torch.Generator().manual_seed(0))
            rows = rows.to(self._device, self._dtype)
            outputs = far_out(lambda far: self._forward(far, training=False), rows, parameters)
            if outputs is not None:
                self._width = width
                return outputs
        return None

    def _sample(self) -> Any:
        """Return a few rows in the shape that the module reads."""
        import torch

        rows = torch.randn(8, self._width, generator=torch.Generator().manual_seed(2))
        return self._read(rows.to(self._device, self._dtype))

    def _widths(self) -> list[int]:
        """Return how many features the layers take, the first layer's first, or 2 where none says it."""
        layers = [*self.module.modules(), *unregistered_layers(self.module)]
        widths = [getattr(layer, "in_features", None) for layer in layers]
        return list(dict.fromkeys(width for width in widths if isinstance(width, int))) or [2]

    def _forward(self, inputs: Any, *, training: bool) -> Any:
        """Return the module's outputs in this mode."""
        self._set_mode(training=training)
        return self.module(self._read(inputs))

    def _read(self, inputs: Any) -> Any:
        return inputs.unsqueeze(-1) if self.reads == "sequence" else inputs

    def _set_mode(self, *, training: bool) -> None:
        # Only where it changes: going through all layers is half the cost of a small network's pass.
        if self._training is not training or self.module.training is not training:
            self.module.train(training)
            self._training = training

    @contextlib.contextmanager
    def _unchanged(self) -> Iterator[None]:
        """Give back what a pass in training mode changes: running means, and the random numbers of dropout."""
        import torch

        buffers = [(buffer, buffer.clone()) for buffer in self.module.buffers()]
        generator = self._generator
        with self._own_generator():
            yield
        self._generator = generator
        with torch.no_grad():
            for buffer, value in buffers:
                buffer.copy_(value)

    def _tensor(self, values: Rows) -> Any:
        import torch

        return torch.as_tensor(values, dtype=self._dtype, device=self._device)

    def predict(self, inputs: Rows) -> Any:
        """Return the outputs ``(n,)`` in evaluation mode.

        Of two outputs the difference, which is the logit of true, or where they are probabilities that of true.
        """
        import torch

        with torch.no_grad():
            outputs = self._forward(self._tensor(inputs), training=False)
        if self._shares:
            return outputs[:, 1]
        return outputs[:, 1] - outputs[:, 0] if self._two_outputs else outputs

    def _loss(self, inputs: Rows, targets: Rows) -> Any:
        import torch

        wanted = self._tensor(targets)
        if self._own_step is not None:
            self._set_mode(training=True)
            return self._own_step(self._read(self._tensor(inputs)), wanted)
        outputs = self._forward(self._tensor(inputs), training=True)
        if self._by_class:
            return self._criterion(outputs, (wanted.ravel() > sum(self.targets) / 2).long())
        if self._two_outputs:  # one code for each: the first is that of false
            wanted = torch.cat([sum(self.targets) - wanted, wanted], dim=1)  # (n, 2)
        # (n,) against (n, 1) would silently become (n, n): the targets take the shape of the outputs.
        return self._criterion(outputs, wanted.reshape(outputs.shape))

    def loss(self, inputs: Rows, targets: Rows) -> float:
        """Return the loss in training mode, without an update."""
        import torch

        with self._unchanged(), torch.set_grad_enabled(self._own_step is not None):  # it must not return a constant
            return float(self._loss(inputs, targets).detach())

    def step(self, inputs: Rows, targets: Rows) -> float:
        """Make exactly one step of the optimiser; return the loss before it."""
        if self._optimiser is None:
            raise UsageError(self._nothing_to_train())

        def backward() -> Any:
            self._optimiser.zero_grad()
            with self._own_generator():
                loss = self._loss(inputs, targets)
            loss.backward()
            return loss

        if self._closure:  # the loss before the step is the first that it asks for
            return float(self._optimiser.step(backward).detach())
        loss = backward()
        self._optimiser.step()
        return float(loss.detach())

    def _nothing_to_train(self) -> str:
        kind = type(self.module).__name__
        if self._unregistered:
            name = next(iter(self._unregistered))
            return f"{kind}.parameters() lacks {name}, and all others: keep layers in attributes, nn.ModuleList or nn.ModuleDict"
        return f"{kind} has no parameter that requires a gradient: nothing to train"

    @contextlib.contextmanager
    def _own_generator(self) -> Iterator[None]:
        """Let dropout draw from this model's own random numbers, so that its seed controls the run."""
        import torch

        if not self._draws:
            yield
            return
        with torch.random.fork_rng(devices=[]):
            torch.set_rng_state(self._generator)
            yield
            self._generator = torch.get_rng_state()

    def gradients(self, inputs: Rows, targets: Rows) -> dict[str, Any]:
        """Return the gradients of the loss by parameter; the optimiser's own buffers stay as they are."""
        import torch

        named = self._trained()
        with self._unchanged():
            found = torch.autograd.grad(self._loss(inputs, targets), list(named.values()), allow_unused=True)
        return {
            name: torch.zeros_like(parameter) if gradient is None else gradient
            for (name, parameter), gradient in zip(named.items(), found, strict=True)
        }

    def _trained(self) -> dict[str, Any]:
        named = {name: value for name, value in self.module.named_parameters() if value.requires_grad}
        return {**self._unregistered, **named}

    def get_parameters(self) -> dict[str, Any]:
        """Return copies of the trained parameters by their names in the module."""
        return {name: value.detach().clone() for name, value in self._trained().items()}

    def set_parameters(self, parameters: Mapping[str, NDArray[Any]]) -> None:
        """Copy these values into the trained parameters, which stay the tensors that the optimiser knows."""
        import torch

        with torch.no_grad():
            for name, value in self._trained().items():
                value.copy_(torch.as_tensor(parameters[name]))

    def _hidden(self, inputs: Rows) -> list[Any]:
        """Return what the activation layers give, but for one that is the output itself."""
        import torch

        seen: list[Any] = []
        layers = [layer for layer in self.module.modules() if type(layer).__module__ == "torch.nn.modules.activation"]
        hooks = [layer.register_forward_hook(lambda _layer, _inputs, output: seen.append(output)) for layer in layers]
        try:
            with torch.no_grad():
                outputs = self._forward(self._tensor(inputs), training=False)
        finally:
            for hook in hooks:
                hook.remove()
        return [values.reshape(len(inputs), -1) for values in seen if values is not outputs]


def _different_in_training() -> tuple[type, ...]:
    """Return the layers that answer otherwise in training mode, so that the loss is not that of the predictions."""
    from torch.nn.modules import batchnorm, dropout

    return (dropout._DropoutNd, batchnorm._NormBase)
