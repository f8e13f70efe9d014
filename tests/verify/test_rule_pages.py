"""The rules' pages: one per rule, whole, and every example on them runs as the page says."""

import re

import pytest

from xorbench.records import Finding
from xorbench.verify.check import verify
from xorbench.verify.checks import all_checks
from xorbench.verify.rules import RULES, page

from .rule_pages import FOLDER, SECTIONS, index, read

#: Seconds are spent on training here, by design of the rule.
TRAINED = {"XI02", "XI03", "XC02", "XD01", "XT01", "XT04"}

examples = pytest.mark.parametrize(
    "rule", [pytest.param(rule, marks=pytest.mark.slow) if rule in TRAINED else rule for rule in RULES]
)


def test_every_rule_has_a_page_and_every_page_a_rule():
    pages = {path.stem for path in FOLDER.glob("*.md")} - {"index"}
    assert pages == set(RULES)


@pytest.mark.parametrize("rule", RULES)
def test_page_is_whole(rule):
    found = read(rule)
    assert found.title == f"{rule} · {RULES[rule].slug}"
    assert tuple(found.sections) == SECTIONS
    assert all(found.sections.values())
    assert found.example("Wrong") != found.example("Right")


@pytest.mark.parametrize("rule", RULES)
def test_severity_is_the_rules_own_and_then_milder_ones(rule):
    order = ("error", "warning", "note")
    severities = read(rule).severities
    assert severities[0] == RULES[rule].severity
    assert list(severities) == sorted(set(severities), key=order.index)


@pytest.mark.parametrize("rule", RULES)
def test_page_names_checks_that_exist(rule):
    checks = read(rule).checks
    assert checks
    assert set(checks) <= {check.id for check in all_checks()}


@pytest.mark.parametrize("rule", RULES)
def test_links_lead_to_rules(rule):
    text = page(RULES[rule])
    assert {target for _, target in re.findall(r"\[(\w+)\]\((\w+)\.md\)", text)} <= set(RULES)


def test_page_is_what_explain_prints():
    for rule in RULES.values():
        assert page(rule) == (FOLDER / f"{rule.id}.md").read_text(encoding="utf-8")


def test_index_is_up_to_date():
    assert (FOLDER / "index.md").read_text(encoding="utf-8") == index(), "run python -m tests.verify.rule_pages"


def flat(findings):
    """Return findings and those folded under them."""
    found: list[Finding] = []
    for one in findings:
        found += [one, *flat(one.symptoms)]
    return found


def judged(tmp_path, code, only=()):
    path = tmp_path / "example.py"
    path.write_text(code, encoding="utf-8")
    # A hang is the one example that is to meet the limit: two seconds of it are enough.
    return verify(f"{path}:Net", only=only, time_limit_s=2.0 if "for ever" in code else 30.0)


@examples
def test_wrong_example_has_the_finding(rule, tmp_path):
    found = read(rule)
    result = judged(tmp_path, found.example("Wrong"), found.checks)
    severities = [one.severity for one in flat(result.findings) if one.rule == rule]
    assert severities, [(one.rule, one.message) for one in flat(result.findings)]
    assert set(severities) <= set(found.severities)


def right_examples():
    """Each right example once, with the rules whose page has it: many pages show the same network."""
    rules: dict[str, list[str]] = {}
    for rule in sorted(path.stem for path in FOLDER.glob("X*.md")):
        rules.setdefault(read(rule).example("Right"), []).append(rule)
    return [
        pytest.param(code, group, id="+".join(group), marks=[pytest.mark.slow] if set(group) <= TRAINED else [])
        for code, group in rules.items()
    ]


@pytest.mark.parametrize(("code", "rules"), right_examples())
def test_right_example_has_no_error(code, rules, tmp_path):
    checks = {check for rule in rules for check in read(rule).checks}
    result = judged(tmp_path, code, sorted(checks))
    assert [one for one in flat(result.findings) if one.rule in rules or one.severity == "error"] == []
    assert result.counts["passed"]


@pytest.mark.slow
@pytest.mark.parametrize("rule", RULES)
def test_examples_by_the_whole_check(rule, tmp_path):
    """By all checks: the wrong example's first finding is the rule, the right one has no error."""
    found = read(rule)
    wrong = judged(tmp_path, found.example("Wrong"))
    assert wrong.findings[0].rule == rule, [(one.rule, one.message) for one in flat(wrong.findings)]
    right = judged(tmp_path, found.example("Right"))
    assert right.verdict == "passed", [(one.rule, one.message) for one in right.findings]
    assert rule not in {one.rule for one in flat(right.findings)}
