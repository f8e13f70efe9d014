"""Order and folding: causes before symptoms, and a symptom under the cause that explains it."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from xorbench.records import Finding
from xorbench.verify.rules import RULES

_SEVERITY = {"error": 0, "warning": 1, "note": 2}

_NOT_LEARNING = frozenset({"XT01", "XT02", "XT03", "XT04", "XI02", "XI03", "XC02", "XD01", "XD04"})
_MATHEMATICS = frozenset(rule for rule in RULES if rule.startswith("XM"))

#: Cause -> the rules that it may explain.
EXPLAINS: dict[str, frozenset[str]] = {
    **{rule: _NOT_LEARNING | {"XA05", "XA06", "XM13"} for rule in _MATHEMATICS if rule not in ("XM12", "XM13")},
    "XM10": _NOT_LEARNING | {"XA05", "XA06", "XM13", "XM14", "XM15", "XM08", "XI01", "XM06"},
    "XM06": _NOT_LEARNING | {"XA05", "XC04", "XI01", "XM13"},
    "XM08": _NOT_LEARNING | {"XA05", "XM14", "XM15", "XM04"},
    "XM12": frozenset({"XT01", "XT04", "XT03", "XT02"}),
    "XM14": _NOT_LEARNING | {"XM04", "XM07", "XM15"},
    "XI01": _NOT_LEARNING | {"XC01", "XI04", "XM12"},
    "XC01": _NOT_LEARNING,
    "XC03": _NOT_LEARNING | {"XM06", "XA05", "XI01", "XI04", "XA01", "XC01", "XC04", "XD03"},
    "XC04": _NOT_LEARNING,
    "XD02": _NOT_LEARNING | {"XA05", "XM13"},
    "XD03": _NOT_LEARNING | {"XA05", "XM16", "XM15", "XM06", "XM12"},
    "XD04": (_NOT_LEARNING - {"XD04"}) | {"XA05"},
    "XD05": _NOT_LEARNING | {"XC03", "XI01", "XM06", "XA03", "XA04", "XA05", "XM14", "XM15", "XM04", "XI05"},
    "XA04": _NOT_LEARNING | {"XA03", "XA05", "XM04", "XM15", "XM14"},
    "XA03": _NOT_LEARNING | {"XA05", "XI04", "XI05", "XA04"},
    "XA01": _NOT_LEARNING | {"XA07", "XA04", "XD05"},
    "XA06": _NOT_LEARNING | {"XA04", "XI04", "XM12", "XA05"},
    "XI04": frozenset({"XI05"}),
    "XI05": frozenset({"XI04"}),
    "XI02": frozenset({"XT01", "XT03", "XT04"}),
    "XI03": frozenset({"XT01", "XT03", "XT04", "XC02"}),
    "XC02": frozenset({"XT01", "XT03", "XT04", "XC01", "XI01", "XM12"}),
    "XD01": frozenset({"XT01", "XT03", "XT04"}),
    "XT02": frozenset({"XT01", "XT03", "XT04", "XA06"}),
    "XA08": frozenset({"XA07", "XT04", "XT01"}),
    "XA09": frozenset({"XA07", "XT04", "XT01"}),
}


def arrange(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return findings without repeats, gravest and likeliest cause first, symptoms folded under their cause."""
    unique: dict[tuple[str, str], Finding] = {}
    for one in findings:
        key = (one.rule, one.where)
        if key not in unique or _SEVERITY[one.severity] < _SEVERITY[unique[key].severity]:
            unique[key] = one
    ordered = sorted(
        unique.values(), key=lambda one: (_SEVERITY[one.severity], RULES[one.rule].cause, one.rule, one.where)
    )
    causes: dict[int, int] = {}
    for i, symptom in enumerate(ordered):
        for j, cause in enumerate(ordered):
            # Two that would explain each other: the likelier cause, which comes first, keeps its place.
            if i != j and _explains(cause, symptom) and not (_explains(symptom, cause) and i < j):
                causes[i] = j
                break
    folded: dict[int, list[Finding]] = {}
    for i in causes:
        path = [i]
        while path[-1] in causes and causes[path[-1]] not in path:
            path.append(causes[path[-1]])
        top = path[-1]
        if top in causes:  # a circle: the likeliest of it is the root
            top = min(path[path.index(causes[top]) :])
        if top != i:
            folded.setdefault(top, []).append(ordered[i])
    below = {id(one) for symptoms in folded.values() for one in symptoms}
    return tuple(
        msgspec.structs.replace(one, symptoms=tuple(folded[i])) if i in folded else one
        for i, one in enumerate(ordered)
        if id(one) not in below
    )


def _explains(cause: Finding, symptom: Finding) -> bool:
    if cause.severity == "note" or _SEVERITY[cause.severity] > _SEVERITY[symptom.severity]:
        return False
    return symptom.rule in EXPLAINS.get(cause.rule, frozenset()) or (
        cause.rule == symptom.rule and (cause.where in symptom.where or symptom.where in cause.where)
    )
