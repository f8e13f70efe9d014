"""Suites: properties that every implementation must have. Installed as `xorbench.suites`.

From a test file of your own, three lines run them all::

    from xorbench.suites import checks

    test_my_network = checks("mynet.py:MyNet")
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def checks(*targets: str, **options: Any) -> Callable[..., None]:
    """Return a test function for pytest, parametrised over every check of these targets.

    `options` are those of :func:`xorbench.verify.check.verify`, such as ``seed=1`` or
    ``expected_failures={"XM13": "the loss is a sum on purpose"}``.
    """
    import functools

    import pytest

    from xorbench.verify.check import verify
    from xorbench.verify.checks import all_checks
    from xorbench.verify.pytest_plugin import report

    cached = functools.cache(lambda target: verify(target, **options))
    only = tuple(options.get("only", ()))
    ids = [check.id for check in all_checks() if not only or check.id.startswith(only)]

    @pytest.mark.parametrize("check", ids)
    @pytest.mark.parametrize("target", targets)
    def test(target: str, check: str) -> None:
        report(cached(target), check)

    return test
