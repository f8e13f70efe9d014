"""From groups that dissent to findings: by the reference where the network was recognised, else by their ratios."""

from __future__ import annotations

from xorbench.records import Finding
from xorbench.verify.gradients.decay import growth
from xorbench.verify.gradients.ratios import by_ratio, hidden_majority
from xorbench.verify.gradients.replaced import assigned, shared_state
from xorbench.verify.gradients.rows import RowView
from xorbench.verify.gradients.slips import by_reference, scene_of
from xorbench.verify.outcomes import finding


def explain(view: RowView, *, slow: RowView | None = None) -> list[Finding]:
    """Return the findings for the groups of `view` that dissent; `slow` is the same point at a tenth of the rate."""
    consensus = view.consensus
    wrong = list(consensus.dissenting) or list(consensus.groups)
    found: dict[str, Finding] = {}
    for name in wrong:
        slip = assigned(view, name) or shared_state(view, name)
        if slip is not None:
            found[name] = slip
    wrong = [name for name in wrong if name not in found]
    if found and not wrong:
        return _merged(list(found.values()))
    if (grown := growth(view)) is not None:
        return [grown]
    if (stateful := _own_multiples(view)) is not None:
        return [stateful]
    scene = scene_of(view)
    if scene is not None:
        # Every group, not only the dissenting ones: where all hidden layers share a slip they are the majority.
        named = by_reference(view, scene, [name for name in consensus.groups if name not in found])
        majority = bool(named) and not set(named) & set(wrong)
        found.update(named)
        if majority:
            return _merged(list(found.values()))
    elif (hidden := hidden_majority(view)) is not None:
        return [hidden]
    for name in wrong:
        if name not in found and not any(_explained_by(other, name) for other in found.values()):
            named_by_ratio = by_ratio(view, consensus.groups[name], slow)
            if named_by_ratio is not None:
                found[name] = named_by_ratio
    return _merged(list(found.values()))


def _own_multiples(view: RowView) -> Finding | None:
    """XM11 under a declared adaptive optimiser: every group moves along its gradient, each by a multiple of its own."""
    if view.lab.subject.first.declaration.optimiser not in ("adam", "rmsprop", "rprop") or view.source == "gradients":
        return None
    groups = [fit for fit in view.consensus.groups.values() if fit.informative.any()]
    if len(groups) < 3 or not all(fit.straight[fit.informative].all() for fit in groups):
        return None
    where = ", ".join(fit.name for fit in groups)
    message = f"{where}: each moves along its gradient by a multiple of its own: the optimiser's state is not kept per parameter"
    return finding("XM11", message, where=where, point=view.name)


def _explained_by(other: Finding, name: str) -> bool:
    return name in other.where.split(", ")


def _merged(findings: list[Finding]) -> list[Finding]:
    """Join findings of one rule into one that names all its groups."""
    joined: dict[str, Finding] = {}
    # A bias whose unit's weights get a wrong error signal too has the same wrong delta.
    layers = [
        place.removesuffix(" weights") for one in findings if one.rule == "XM04" for place in one.where.split(", ")
    ]
    findings = [one for one in findings if one.rule != "XM07" or one.where.removesuffix(" bias") not in layers]
    if any(one.rule in ("XM04", "XM15") for one in findings):
        # XM07 is for biases that are wrong alone; beside wrong weights of the same kind they are part of the same error.
        narrow = [one for one in findings if one.rule != "XM07" or "while" not in one.message]
        findings = narrow or findings
    for one in findings:
        if one.rule not in joined:
            joined[one.rule] = one
            continue
        first = joined[one.rule]
        where = f"{first.where}, {one.where}"
        joined[one.rule] = finding(
            one.rule,
            where + first.message.removeprefix(first.where),
            where=where,
            severity=first.severity,
            **{**first.evidence, f"ratio of {one.where}": one.evidence.get("ratio", [])},
        )
    return list(joined.values())
