"""The page in a real browser: what a reader sees, clicks and prints, with no network and nothing in the console."""

import json
import re

import pytest

from tests.report.browser import requests, screen, violations, visit
from tests.report.network import Network
from tests.report.study import MACHINE, checked, finding, learned, record, timed
from xorbench.measure.portrait import draw
from xorbench.registry import resolve
from xorbench.report.files import render, write
from xorbench.report.page import portrait_page
from xorbench.report.summary import Source, gather
from xorbench.tasks import get_task

pytestmark = pytest.mark.browser

HOSTILE = "</script><img src=http://evil.example/x onerror=alert(1)><b onload=alert(2)>{{7*7}}"


def study():
    network = resolve(f"{Network.__module__}:Network")
    found = [
        learned("alpha", [5, 9, None, 40]),
        learned("beta[hidden=2]", [100, 200, 300, 400]),
        learned("gamma", [None] * 4),
        learned("beta[hidden=2]", [50, 60, None, 70], task="parity-3"),
        timed("alpha"),
        timed("beta[hidden=2]", step=(3e-6,) * 9),
        checked("alpha", finding(), spectrum={"and": 1.0, "xor": 0.5, "or": 0.0}),
        record(HOSTILE, outcome="raised", detail=HOSTILE),
        record("torch-mlp", measure="timing", device="cuda", outcome="unavailable", detail="no CUDA device here"),
    ]
    for target, seed in (("alpha", 4), ("beta[hidden=2]", 0)):
        portrait = draw(network, get_task("xor"), seed=seed, budget=1000)
        found.append(record(target, measure="portrait", result=portrait, budget=1000, seeds=(seed,)))
    return found


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    write(folder, study(), [MACHINE], formats=["html"])
    return folder / "comparison.html"


@pytest.fixture(autouse=True)
def _quiet(request):
    """After each test: nothing was asked for but the page, nothing was said in the console."""
    yield
    if "browser" in request.fixturenames:
        browser = request.getfixturevalue("browser")
        assert all(address.startswith("file://") for address in requests(browser))
        assert browser.get_log("browser") == []


def names(browser):
    rows = browser.find_elements("css selector", ".main tbody tr")
    return [row.get_attribute("data-name") for row in rows if row.is_displayed()]


def head(browser, label):
    return next(item for item in browser.find_elements("css selector", ".main thead th") if item.text.startswith(label))


def test_it_asks_for_nothing_and_runs_what_it_may(browser, page):
    screen(browser, 1180)
    visit(browser, page)
    assert requests(browser) == [page.resolve().as_uri()]
    policy = browser.find_element("css selector", "meta[http-equiv]").get_attribute("content")
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert browser.execute_script("return document.documentElement.classList.contains('js')")
    assert browser.execute_script("return document.images.length") == 0
    assert browser.execute_script("return document.querySelectorAll('b[onload]').length") == 0


def test_a_click_on_a_header_sorts_and_says_so(browser, page):
    screen(browser, 1180)
    visit(browser, page)
    head(browser, "ERT").find_element("tag name", "button").click()
    assert head(browser, "ERT").get_attribute("aria-sort") == "ascending"
    # Costs: beta on parity-3 (50 + 60 + 1000 + 70) / 3, alpha (5 + 9 + 1000 + 40) / 3, beta on xor 1000 / 4.
    ascending = names(browser)
    assert ascending[:3] == ["beta[hidden=2]", "alpha", "beta[hidden=2]"]
    head(browser, "ERT").find_element("tag name", "button").click()
    assert head(browser, "ERT").get_attribute("aria-sort") == "descending"
    figures = 3
    assert names(browser)[:figures] == ascending[:figures][::-1]
    assert set(names(browser)[figures:]) == {"gamma", HOSTILE[:200], "torch-mlp on cuda"}
    head(browser, "Implementation").find_element("tag name", "button").click()
    shown = [name for name in names(browser) if name != HOSTILE]
    assert shown == sorted(shown)
    assert head(browser, "ERT").get_attribute("aria-sort") == "none"


def test_headers_are_reached_and_pressed_by_keyboard(browser, page):
    from selenium.webdriver.common.keys import Keys

    screen(browser, 1180)
    visit(browser, page)
    button = head(browser, "Solved").find_element("tag name", "button")
    browser.execute_script("arguments[0].focus()", button)
    button.send_keys(Keys.ENTER)
    assert head(browser, "Solved").get_attribute("aria-sort") == "descending"
    button.send_keys(Keys.SPACE)
    assert head(browser, "Solved").get_attribute("aria-sort") == "ascending"


def test_rows_are_filtered_by_name_and_task(browser, page):
    from selenium.webdriver.support.select import Select

    screen(browser, 1180)
    visit(browser, page)
    browser.find_element("css selector", ".filter").send_keys("BETA")
    assert names(browser) == ["beta[hidden=2]"] * 2
    assert browser.find_element("css selector", ".count").text == "2 of 6 rows"
    Select(browser.find_element("css selector", "select.task")).select_by_visible_text("parity-3")
    assert names(browser) == ["beta[hidden=2]"]


def test_the_slider_moves_every_figure(browser, page):
    screen(browser, 1180)
    visit(browser, page)
    close = browser.find_element("css selector", ".close")

    def state():
        return browser.execute_script(
            """const close = arguments[0], canvas = close.querySelector("canvas");
            return {iteration: close.querySelector(".iteration").textContent,
              region: canvas.toDataURL(), trail: close.querySelector(".trail").getAttribute("d").length,
              here: close.querySelector(".here").getAttribute("cx"),
              spoken: close.querySelector(".frame").ariaValueText,
              cross: close.querySelector(".cross").getAttribute("x1")}""",
            close,
        )

    last = state()
    browser.execute_script(
        "const s = arguments[0].querySelector('.frame'); s.value = 0; s.dispatchEvent(new Event('input'))", close
    )
    first = state()
    assert (first["iteration"], last["iteration"]) == ("0", "1,000")
    assert first["spoken"] == "iteration 0"
    assert first["trail"] < last["trail"]
    for part in ("region", "here", "cross"):
        assert first[part] != last[part]
    play = close.find_element("css selector", ".play")
    play.click()
    browser.execute_async_script("setTimeout(arguments[0], 500)")
    assert state()["iteration"] != "0"
    play.click()
    paused = state()["iteration"]
    browser.execute_async_script("setTimeout(arguments[0], 300)")
    assert state()["iteration"] == paused
    assert play.text == "▶ Play"


def test_the_region_on_the_canvas_is_the_one_of_the_records(browser, page):
    screen(browser, 1180)
    visit(browser, page)
    red, blue = browser.execute_script(
        """const canvas = document.querySelector(".close canvas"), context = canvas.getContext("2d");
        const pixels = context.getImageData(0, 0, 200, 200).data;
        const at = (x, y) => [...pixels.slice(4 * (200 * y + x), 4 * (200 * y + x) + 4)];
        return [at(50, 50), at(50, 150)]"""  # rows (0, 1), true, and (0, 0), false: this seed solves XOR
    )
    assert red[0] > red[2]
    assert blue[2] > blue[0]


def test_colours_follow_the_reader_and_then_the_switch(browser, page):
    def ground():
        return browser.execute_script("return getComputedStyle(document.body).backgroundColor")

    screen(browser, 1180, dark=True)
    visit(browser, page)
    assert ground() == "rgb(19, 20, 24)"
    switch = browser.find_element("id", "theme")
    assert switch.get_attribute("aria-pressed") == "true"
    switch.click()
    assert ground() == "rgb(250, 249, 246)"
    assert switch.get_attribute("aria-pressed") == "false"
    switch.click()
    assert ground() == "rgb(19, 20, 24)"
    browser.execute_script("localStorage.clear()")


@pytest.mark.parametrize("width", [390, 760, 1180])
@pytest.mark.parametrize("dark", [False, True])
def test_nothing_sticks_out_and_axe_has_nothing_to_say(browser, page, width, dark):
    screen(browser, width, dark=dark)
    visit(browser, page)
    browser.execute_script("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert browser.execute_script("const e = document.documentElement; return e.scrollWidth - e.clientWidth") == 0
    out = browser.execute_script(
        """return [...document.querySelectorAll("h1,h2,h3,p,td,th,li,dd,button,figure")].filter(e => {
             const box = e.getBoundingClientRect();
             return box.width > 2 && box.right > innerWidth + 1 && !e.closest(".scroll")})
             .map(e => e.outerHTML.slice(0, 120))"""
    )
    assert out == []
    assert violations(browser) == []


def test_without_script_it_is_all_there(browser, page):
    screen(browser, 1180)
    visit(browser, page, scripts=False)
    try:
        shown = browser.find_element("tag name", "body").text
        assert "3/4" in shown
        assert "raised" in shown
        assert "no CUDA device here" in shown
        for kind in (".plot .curve", ".region .still path", ".gates td", ".ratio", ".stages svg"):
            assert len(browser.find_elements("css selector", kind)) >= 2, kind
        for control in (".tools", "#theme", ".player"):
            assert not browser.find_element("css selector", control).is_displayed(), control
    finally:
        visit(browser, page)


def test_on_paper_it_is_light_and_has_everything_open(browser, page):
    screen(browser, 1180, dark=True, media="print")
    visit(browser, page)
    assert browser.execute_script("return getComputedStyle(document.body).backgroundColor") == "rgb(250, 249, 246)"
    assert not browser.find_element("id", "theme").is_displayed()
    document = browser.execute_cdp_cmd("Page.printToPDF", {"printBackground": True})["data"]
    assert len(document) > 20_000
    assert browser.execute_script("return [...document.querySelectorAll('details')].every(d => d.open)")
    screen(browser, 1180)


def test_the_pointer_reads_the_chart(browser, page):
    from selenium.webdriver import ActionChains

    screen(browser, 1180)
    visit(browser, page)
    plot = browser.find_element("css selector", ".plot.tall")
    ActionChains(browser).move_to_element_with_offset(plot, plot.size["width"] // 2 - 3, 0).perform()
    said = browser.find_element("css selector", ".reading .at").text
    found = re.match(r"by iteration ([\d,]+): (.*)", said)
    assert found
    assert "alpha 75%" in found[2]
    assert "gamma 0%" in found[2]


def test_the_page_of_one_implementation(browser, tmp_path):
    records = [item for item in study() if item.cell.target == "beta[hidden=2]" and item.cell.task == "xor"]
    (group,) = gather([Source(name="", records=records, environments=(MACHINE,))])
    path = tmp_path / "show.html"
    path.write_text(portrait_page(group, "beta[hidden=2]"))
    screen(browser, 390)
    visit(browser, path)
    assert browser.find_element("tag name", "h1").text == "xorbench beta[hidden=2]"
    assert len(browser.find_elements("css selector", ".close canvas")) == 1
    assert violations(browser) == []


def test_the_embedded_data_is_json_that_closes_no_script():
    text = render("html", gather([Source(name="", records=study(), environments=(MACHINE,))]))
    assert text.count("</script>") == 2
    found = re.search(r'id="data">(.*?)</script>', text, re.S)
    assert HOSTILE not in text
    assert set(json.loads(found[1])["m0"]) == {"solved", "portraits"}
