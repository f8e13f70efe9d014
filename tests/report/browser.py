"""A real Chromium for the tests of the page: no network, and everything it asks for and says is kept."""

from __future__ import annotations

import json
import os
import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest


def open_browser():
    """Return a headless browser, or skip with the reason why there is none."""
    pytest.importorskip("selenium", reason="the page is tested in a browser through selenium, which is not installed")
    from selenium import webdriver

    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    driver = shutil.which("chromedriver")
    if chromium is None or driver is None:
        pytest.skip("Chromium and ChromeDriver are not installed")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for argument in (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--host-resolver-rules=MAP * ~NOTFOUND",
    ):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    return webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))


def screen(browser, width, *, dark=False, media=""):
    """Give the page this width and this taste in colours."""
    browser.execute_cdp_cmd(
        "Emulation.setEmulatedMedia",
        {"media": media, "features": [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]},
    )
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500},
    )


def visit(browser, path: Path, *, scripts=True):
    """Load a page, forgetting what was logged before."""
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": not scripts})
    for log in ("browser", "performance"):
        browser.get_log(log)
    browser.get(path.resolve().as_uri())


def requests(browser) -> list[str]:
    """Return every address that was asked for since the page was visited."""
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    return [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]


def axe_source() -> str:
    """Return the script of axe-core from a file named in AXE_CORE or an installed package, or skip."""
    if named := os.environ.get("AXE_CORE"):
        return Path(named).read_text(encoding="utf-8")
    for package in ("axe_core_python", "axe_selenium_python", "axe_playwright_python"):
        spec = find_spec(package)
        for place in spec.submodule_search_locations or () if spec else ():
            for script in Path(place).rglob("axe.min.js"):
                return script.read_text(encoding="utf-8")
    pytest.skip(
        "axe-core is in none of the installed packages; pip install axe-core-python, or name its file in AXE_CORE"
    )


def violations(browser) -> list[str]:
    """Return what axe-core finds wrong with the page as it is now."""
    browser.execute_script(axe_source() + ";window.axe=axe;")
    found = browser.execute_async_script("const done=arguments[0];axe.run().then(r=>done(r.violations));")
    return [f"{item['id']}: {item['nodes'][0]['html'][:200]} ({len(item['nodes'])})" for item in found]
