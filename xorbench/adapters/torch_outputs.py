"""What the outputs of a module are, found by looking at them where inputs and parameters are far out."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any


def far_out(forward: Callable[[Any], Any], rows: Any, parameters: Sequence[Any]) -> Any | None:
    """Return the outputs on rows far out at these parameters and at others, or None where rows of that width do not fit.

    Other parameters, since a small network's logits may happen to lie between 0 and 1 on every row.
    """
    import torch

    generator = torch.Generator().manual_seed(1)
    seen: list[Any] = []
    try:
        with torch.no_grad(), torch.random.fork_rng(devices=[]):
            seen.append(forward(rows))
            for _ in range(3):
                with _drawn_anew(parameters, generator):
                    again = forward(rows)
                if bool(torch.isfinite(again).all()):
                    seen.append(again)
    except (RuntimeError, ValueError, IndexError):
        pass  # not at all, or not at other parameters
    return torch.cat(seen) if seen else None


@contextlib.contextmanager
def _drawn_anew(parameters: Sequence[Any], generator: Any) -> Iterator[None]:
    """Lend these tensors other values, of a size at which nothing stays between 0 and 1 by chance."""
    import torch

    before = [tensor.detach().clone() for tensor in parameters]
    try:
        for tensor in parameters:
            tensor.copy_(3 * torch.randn(tensor.shape, generator=generator))
        yield
    finally:
        for tensor, value in zip(parameters, before, strict=True):
            tensor.copy_(value)


def between_0_and_1(outputs: Any | None) -> bool:
    """Whether all outputs are squashed into 0 to 1."""
    return outputs is not None and bool(((outputs >= 0) & (outputs <= 1)).all())


def are_two(outputs: Any | None) -> bool:
    """Whether there are two outputs a row."""
    return outputs is not None and outputs.ndim == 2 and outputs.shape[1] == 2


def are_shares(outputs: Any | None) -> bool:
    """Whether the two outputs of a row are the probabilities of false and true, as softmax gives them."""
    if outputs is None or not are_two(outputs) or not between_0_and_1(outputs):
        return False
    return bool(((outputs.sum(dim=1) - 1).abs() < 1e-4).all())
