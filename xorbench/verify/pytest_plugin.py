"""The pytest plugin: ``pytest --pyargs xorbench.suites --implementation TARGET``.

Each check is a test. All checks of a target run in the sandbox, once, through the same function as ``xorbench check``; the
tests read their outcome, so that both can only say the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from xorbench.records import CheckResult

pytest.register_assert_rewrite("xorbench.verify.outcomes")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the suites."""
    group = parser.getgroup("xorbench", "verification of neural-network implementations")
    group.addoption(
        "--implementation", action="append", default=[], metavar="TARGET", help="Verify this target. [repeatable]"
    )
    group.addoption("--examples", type=int, default=20, metavar="N", help="Examples of each property.")
    group.addoption("--verification-seed", type=int, default=0, metavar="N", help="Seed of the verification.")
    group.addoption("--check-time-limit", type=float, default=30.0, metavar="SECONDS", help="Limit of each check.")
    group.addoption(
        "--expect-failure",
        action="append",
        default=[],
        metavar="CHECK=REASON",
        help="A check or rule that is expected to fail, strictly, with the reason. [repeatable]",
    )


def _is_suite(module: Any) -> bool:
    name = getattr(module, "__name__", "")
    return name.startswith(("xorbench.suites.test_", "suites.test_"))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give each check of the suites one test per target."""
    if _is_suite(metafunc.module) and "subject" in metafunc.fixturenames:
        targets = metafunc.config.getoption("--implementation")
        parameters: list[Any] = list(targets)
        if metafunc.config.pluginmanager.hasplugin("xdist"):
            # With --dist loadgroup the checks of one target stay in one process, which verifies it once.
            parameters = [pytest.param(target, marks=pytest.mark.xdist_group(target)) for target in targets]
        metafunc.parametrize("subject", parameters, ids=targets)


def pytest_report_header(config: pytest.Config) -> str | None:
    """Say what is verified."""
    targets = config.getoption("--implementation")
    return f"xorbench: {', '.join(targets)}" if targets else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Take out the suites' tests where no target is named: nothing checked is not a pass (pytest then exits 5)."""
    if config.getoption("--implementation"):
        return
    suites = [item for item in items if _is_suite(getattr(item, "module", None))]
    if suites:
        config.hook.pytest_deselected(items=suites)
        items[:] = [item for item in items if item not in suites]


_results: pytest.StashKey[dict[str, CheckResult]] = pytest.StashKey()


def result_for(config: pytest.Config, target: str) -> CheckResult:
    """Verify a target once per session and return its result."""
    from xorbench.verify.check import verify

    known = config.stash.setdefault(_results, {})
    if target not in known:
        expected = dict(text.partition("=")[::2] for text in config.getoption("--expect-failure"))
        known[target] = verify(
            target,
            examples=config.getoption("--examples"),
            seed=config.getoption("--verification-seed"),
            time_limit_s=config.getoption("--check-time-limit"),
            expected_failures=expected,
        )
    return known[target]


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a check of the suites by reading its outcome."""
    if not _is_suite(pyfuncitem.module) or "subject" not in pyfuncitem.funcargs:
        return None
    suite = pyfuncitem.module.__name__.rpartition(".test_")[2].replace("_", "-")
    name = pyfuncitem.function.__name__.removeprefix("test_").replace("_", "-")
    report(result_for(pyfuncitem.config, str(pyfuncitem.funcargs["subject"])), f"{suite}/{name}")
    return True


def report(result: CheckResult, check_id: str) -> None:
    """Pass, skip or fail the running test as the check of this id did."""
    check = next(check for check in result.checks if check.id == check_id)
    if check.status == "not_checked":
        pytest.skip(check.reason)
    if check.status == "expected_failure":
        pytest.xfail(check.reason)
    if check.status == "failed":
        pytest.fail(_text(result, check_id, check.reason), pytrace=False)


def _text(result: CheckResult, check_id: str, reason: str) -> str:
    from xorbench.verify.render import evidence_line

    lines = [reason]
    queue = list(result.findings)
    while queue:
        one = queue.pop(0)
        queue += one.symptoms
        if one.reproduce.endswith(f"--only {check_id}") and one.severity == "error":
            lines += [
                "",
                f"{one.rule} {one.message}",
                f"  seen  {evidence_line(one)}",
                f"  mend  {one.mend}",
                f"  again {one.reproduce}",
            ]
    return "\n".join(lines)
