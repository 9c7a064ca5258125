"""Pages as a real browser shows them: laid out, readable, in light and in the dark, and offline."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from policies.verdict import ObjectiveVerdict
from reports.pages import fleet_page, model_page
from reports.status import Standing
from tests import chromium
from tests.reports.test_budgets_shown import ALLOWED, MET
from tests.reports.test_pages import HOSTILE, Page, days, seen

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

PROBE = """() => {
  const box = element => element.getBoundingClientRect();
  const all = selector => [...document.querySelectorAll(selector)];
  const luminance = colour => colour.match(/[\\d.]+/g).slice(0, 3).reduce((sum, c) => sum + +c, 0) / 765;
  const style = getComputedStyle(document.body), root = document.documentElement;
  const cells = all(".cells > i").filter(each => !each.closest("details"));
  const line = document.querySelector("svg.picture path[style*='--line']");
  return {
    paper: luminance(style.backgroundColor),
    ink: luminance(style.color),
    wider: root.scrollWidth > root.clientWidth,
    cells: cells.length,
    invisible: cells.filter(each => box(each).width < 1 || box(each).height < 2).length,
    heights: Object.fromEntries(all("#windows .cells > i").map(each => [each.className, box(each).height])),
    pictures: all("svg.picture").filter(each => box(each).height > 90).length,
    line: line ? getComputedStyle(line).stroke : "",
    requests: performance.getEntriesByType("resource").length,
    foreign: document.querySelector("script, img") !== null,
  };
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if chromium.found() is None:
        pytest.skip("no browser on this machine: apt-get install chromium")
    with chromium.chromium() as opened:
        yield opened


@pytest.fixture
def measure(browser: Browser, tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Return a function that opens a page in the browser and returns what the probe found."""

    def opened(text: str, *, dark: bool = False, width: int = 1100) -> dict[str, Any]:
        (tmp_path / "page.html").write_text(text)
        context = browser.new_context(
            color_scheme="dark" if dark else "light", viewport={"width": width, "height": 2000}
        )
        with context:
            page = context.new_page()
            page.goto((tmp_path / "page.html").as_uri())
            found: dict[str, Any] = page.evaluate(PROBE)
            page.screenshot(
                path=chromium.pictures(tmp_path / "pictures") / f"page-{width}.png", full_page=True
            )
        return found

    return opened


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_a_models_page_is_laid_out_in_light_and_in_the_dark(
    measure: Callable[..., dict[str, Any]], dark: bool
) -> None:
    found = measure(model_page(seen()), dark=dark)
    assert (found["paper"] < 0.2) is dark
    assert (found["ink"] > 0.8) is dark
    assert (found["cells"], found["invisible"], found["pictures"]) == (20, 0, 2)
    assert (found["wider"], found["requests"]) == (False, 0)
    assert found["heights"]["met"] < found["heights"]["breached"], "a breach is seen without its colour"
    assert found["line"] == ("rgb(127, 176, 238)" if dark else "rgb(47, 95, 158)")


@pytest.mark.parametrize("width", [380, 1100])
def test_pages_fit_narrow_screens_and_names_stay_text(
    measure: Callable[..., dict[str, Any]], width: int
) -> None:
    standings = [Standing("shop.a", "shop", "1", days()[2]), Standing(HOSTILE, HOSTILE, None, None)]
    for text in (model_page(seen(days(HOSTILE))), fleet_page(standings, {"shop.a": days()}, {})):
        found = measure(text, width=width)
        assert (found["wider"], found["foreign"], found["invisible"]) == (False, False, 0)


@pytest.mark.parametrize("width", [380, 1100])
def test_the_strip_of_an_error_budget_is_seen(measure: Callable[..., dict[str, Any]], width: int) -> None:
    before = ObjectiveVerdict("drift", MET.status, "well")
    judged = [
        replace(each, verdict=replace(each.verdict, objectives=(objective,)))
        for each, objective in zip(days(), (before, MET, MET, MET, ALLOWED), strict=True)
    ]
    found = measure(model_page(seen(tuple(judged))), width=width)
    assert (found["cells"], found["invisible"], found["pictures"]) == (25, 0, 3)
    assert found["wider"] is False


def test_what_the_browser_reads_is_what_the_page_says(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text(model_page(seen()))
    page = browser.new_page()
    page.goto(path.as_uri())
    read, written = Page(page.content()), Page(path.read_text())
    page.close()
    assert [tag for tag, _ in read.elements if tag != "i"] == [
        tag for tag, _ in written.elements if tag != "i"
    ]
    assert "blind: 43 rows, needs 80" in read.text
