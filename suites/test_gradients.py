"""Gradients: one step, compared with the numerical gradient."""

from __future__ import annotations

import numpy as np

from xorbench.model import Capability
from xorbench.records import Finding
from xorbench.verify.gradients.bench import Bench
from xorbench.verify.gradients.member import study_member
from xorbench.verify.gradients.study import Study
from xorbench.verify.gradients.update import study_update
from xorbench.verify.options import vary_options
from xorbench.verify.outcomes import NotChecked, finding, raise_errors
from xorbench.verify.subject import Subject

#: Names for "wrong" that say no more than that; where gradients() is right, it is the step that disagrees.
GENERIC = ("XM04", "XM07", "XM15")


def bench_of(subject: Subject) -> Bench:
    """Return the bench of a subject, made once."""
    return subject.once("bench", lambda: Bench(subject))


def test_update_follows_the_gradient(subject: Subject) -> None:
    """The update of step is the gradient of the loss, or a known optimiser's step on it, in every parameter group."""
    subject.need(Capability.STEP, Capability.PARAMETERS)
    study = subject.once("update study", lambda: study_update(bench_of(subject)))
    subject.remarks["optimiser"] = study.optimiser
    findings = study.findings
    generic = any(one.rule in GENERIC and one.severity == "error" and one.where != "weight decay" for one in findings)
    if generic and _member_is_right(subject) and subject.first.declaration.optimiser == "other":
        findings = [one for one in findings if one.rule not in GENERIC]
        study.unchecked.append("gradients() is right, and an optimiser declared 'other' may apply something else")
    elif generic and _member_is_right(subject):
        wrong = _apart_from_gradients(bench_of(subject)) or ", ".join(
            dict.fromkeys(one.where for one in findings if one.rule in GENERIC)
        )
        evidence = next(one.evidence for one in findings if one.rule in GENERIC)
        message = f"gradients() is right, but step() applies something else to {wrong}"
        findings = [one for one in findings if one.rule not in GENERIC]
        findings.insert(0, finding("XM14", message, where=wrong, **evidence))
    _settle(subject, study, findings)


def test_gradients_are_the_numerical_ones(subject: Subject) -> None:
    """What gradients() returns is the numerical gradient of the loss, in every parameter group."""
    subject.need(Capability.GRADIENTS, Capability.PARAMETERS)
    study = subject.once("member study", lambda: study_member(bench_of(subject)))
    _settle(subject, study, study.findings)


def test_every_setting_matters(subject: Subject) -> None:
    """Each option of the factory, the learning rate among them, changes something."""
    if not subject.trainable:
        raise NotChecked("nothing is trained: the answer is built in")
    ignored, varied = vary_options(subject)
    if not varied:
        raise NotChecked("the factory has no option that can be varied")
    raise_errors(*ignored)


def _apart_from_gradients(bench: Bench) -> str:
    """Name the groups whose step is not rate x gradients(), where the rate is known; else nothing."""
    if not bench.rate:
        return ""
    view = bench.main
    expected = bench.rate * bench.view(view.name, source="gradients").u  # (n, P)
    labels = bench.lab.labels_of_components
    apart = np.abs(view.u - expected) > 1e-4 * np.abs(expected).max(axis=1, keepdims=True) + 8 * view.du
    names = [name for name in dict.fromkeys(labels.tolist()) if apart[:, labels == name].any()]
    return ", ".join(names) if len(names) < len(set(labels.tolist())) else ""


def _member_is_right(subject: Subject) -> bool:
    if not subject.first.can(Capability.GRADIENTS):
        return False
    try:
        study = subject.once("member study", lambda: study_member(bench_of(subject)))
    except NotChecked:
        return False
    return bool(study.shown) and not any(one.severity == "error" for one in study.findings)


def _settle(subject: Subject, study: Study, findings: list[Finding]) -> None:
    for one in findings:
        if one.severity != "error":
            subject.note(one)
    raise_errors(*findings)
    if not study.shown:
        raise NotChecked("; ".join(study.unchecked) or "nothing could be compared")
    if study.unchecked:
        subject.remarks["unchecked"] = "; ".join(study.unchecked)
