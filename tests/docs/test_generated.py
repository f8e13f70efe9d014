"""The pages that are made from the code say what the code says."""

from __future__ import annotations

import pytest

from tests.docs.generated import PAGES, REFERENCE


@pytest.mark.parametrize("page", PAGES)
def test_a_generated_page_is_up_to_date(page: str) -> None:
    kept = (REFERENCE / page).read_text(encoding="utf-8")
    assert kept == PAGES[page](), "run `python -m tests.docs.generated`"
