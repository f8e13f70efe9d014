"""What the zoo knows of one of its programs."""

from __future__ import annotations

from dataclasses import dataclass

ERROR, WARNING, NOTE = "error", "warning", "note"

#: Short names for the sets of capabilities that occur; the order is that of xorbench.model.Capability.
CAPABILITIES = {
    "all": ("predict", "step", "parameters", "loss", "gradients", "hidden"),
    "no hidden": ("predict", "step", "parameters", "loss", "gradients"),
    "no gradients": ("predict", "step", "parameters", "loss"),
    "no gradients but hidden": ("predict", "step", "parameters", "loss", "hidden"),
    "no loss": ("predict", "step", "parameters", "gradients"),
    "no loss but hidden": ("predict", "step", "parameters", "gradients", "hidden"),
    "parameters": ("predict", "step", "parameters"),
    "parameters and hidden": ("predict", "step", "parameters", "hidden"),
    "step and fit": ("predict", "step", "fit"),
    "step": ("predict", "step"),
    "step and loss": ("predict", "step", "loss"),
    "step and hidden": ("predict", "step", "hidden"),
    "fit": ("predict", "fit"),
    "fit and loss": ("predict", "fit", "loss"),
    "fit and parameters": ("predict", "fit", "parameters"),
    "fixed and parameters": ("predict", "parameters"),
    "fixed": ("predict",),
}


@dataclass(frozen=True, kw_only=True)
class Twin:
    """One program of the zoo.

    `broken` says that a finding is expected; `severity` how grave it is. A twin whose severity is a note or a warning
    must get no error: it is harmless, or right but unlucky. `rules` are the names that hit it: the first is the right
    one, the others are equally true of it. `learns_xor`: for one of the first
    seeds all four rows are on the right side of the threshold at some time within 3,000 updates, so that a truth-table
    test may pass it. `sibling` is a right twin from which it
    differs by the defect alone, or the nearest one there is.
    """

    name: str
    target: str  # relative to the root of the repository
    broken: bool
    rules: tuple[str, ...] = ()
    severity: str | None = None  # None for a right one
    capabilities: tuple[str, ...]
    architecture: str
    learns_xor: bool
    note: str
    sibling: str | None = None  # the name of a right twin
    task: str = "xor"
    requires: tuple[str, ...] = ()  # importable names
    wild: bool = False  # one of the second set

    @property
    def file(self) -> str:
        """The name of the file, which stands for the code base."""
        return self.target.split(":")[0].removeprefix("tests/zoo/")


def right(name: str, where: str, capabilities: str, architecture: str, note: str, **more: object) -> Twin:
    """A program that is right although something about it looks wrong."""
    return _twin(name, where, capabilities, architecture, note, broken=False, **more)


def broken(name: str, where: str, rules: str, capabilities: str, architecture: str, note: str, **more: object) -> Twin:
    """A program with a defect; `rules` are separated by spaces, the right name first."""
    more.setdefault("severity", ERROR)
    return _twin(name, where, capabilities, architecture, note, broken=True, rules=tuple(rules.split()), **more)


def _twin(name: str, where: str, capabilities: str, architecture: str, note: str, **more: object) -> Twin:
    more.setdefault("learns_xor", True)
    if "torch" in where.split(":")[0]:
        more.setdefault("requires", ("torch",))
    return Twin(
        name=name,
        target=f"tests/zoo/{where}",
        capabilities=CAPABILITIES[capabilities],
        architecture=architecture,
        note=note,
        wild=where.startswith("wild/"),
        **more,  # type: ignore[arg-type]
    )
