import pytest

from tests.report.browser import open_browser


@pytest.fixture(scope="session")
def browser():
    opened = open_browser()
    yield opened
    opened.quit()
