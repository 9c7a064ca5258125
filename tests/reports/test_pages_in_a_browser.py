"""Pages as a real browser shows them: laid out, readable, in light and in the dark, and offline."""

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from reports.pages import fleet_page, model_page
from reports.status import Standing
from tests.reports.test_pages import HOSTILE, Page, days, seen

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
)
PROBING = ("--allow-file-access-from-files", "--virtual-time-budget=5000", "--window-size=1400,2200")
# Measures what it finds in the page and writes that where --dump-dom shows it. The page's own policy
# forbids scripts, so it stands in a page around it.
PROBE = """<!doctype html><iframe id="page" src="{name}" width="{width}" height="2000"></iframe>
<pre id="said"></pre>
<script>
document.getElementById("page").onload = event => {{
  const inner = event.target.contentDocument, said = [];
  const box = element => element.getBoundingClientRect();
  const luminance = colour => colour.match(/[\\d.]+/g).slice(0, 3).reduce((sum, c) => sum + +c, 0) / 765;
  const style = getComputedStyle(inner.body);
  said.push("paper " + luminance(style.backgroundColor).toFixed(2));
  said.push("ink " + luminance(style.color).toFixed(2));
  said.push("wider " + (inner.documentElement.scrollWidth > inner.documentElement.clientWidth));
  const cells = [...inner.querySelectorAll(".cells > i")].filter(e => !e.closest("details"));
  said.push("cells " + cells.length);
  said.push("invisible " + cells.filter(e => box(e).width < 1 || box(e).height < 2).length);
  const heights = new Set([...inner.querySelectorAll("#windows .cells > i")].map(
    e => e.className + "=" + Math.round(box(e).height)));
  said.push("heights " + [...heights].sort().join(","));
  said.push("pictures " + [...inner.querySelectorAll("svg.picture")].filter(e => box(e).height > 90).length);
  const line = inner.querySelector("svg.picture path[style*='--line']");
  said.push("line " + (line ? getComputedStyle(line).stroke : ""));
  said.push("requests " + inner.defaultView.performance.getEntriesByType("resource").length);
  said.push("alert " + (inner.querySelector("script, img") !== null));
  document.getElementById("said").textContent = said.join("\\n");
}};
</script>"""


@pytest.fixture(scope="module")
def browser() -> str:
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("no browser on this machine: apt-get install chromium")
    return found


@pytest.fixture
def measure(browser: str, tmp_path: Path) -> Callable[..., dict[str, str]]:
    """Return a function that opens a page in the browser and returns what the probe found."""

    def opened(text: str, *, dark: bool = False, width: int = 1100) -> dict[str, str]:
        (tmp_path / "page.html").write_text(text)
        (tmp_path / "probe.html").write_text(PROBE.format(name="page.html", width=width))
        scheme = f"--blink-settings=preferredColorScheme={0 if dark else 1}"
        done = subprocess.run(
            [browser, *FLAGS, *PROBING, scheme, f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom",
             (tmp_path / "probe.html").as_uri()],
            capture_output=True, text=True, timeout=120, check=True,
        )  # fmt: skip
        said = re.search(r'<pre id="said">(.+?)</pre>', done.stdout, re.DOTALL)
        assert said is not None, f"the page did not load\n{done.stdout[-500:]}\n{done.stderr[-1000:]}"
        return dict(line.split(" ", 1) for line in said[1].splitlines())

    return opened


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_a_models_page_is_laid_out_in_light_and_in_the_dark(
    measure: Callable[..., dict[str, str]], dark: bool
) -> None:
    found = measure(model_page(seen()), dark=dark)
    assert (float(found["paper"]) < 0.2) is dark
    assert (float(found["ink"]) > 0.8) is dark
    assert (found["cells"], found["invisible"], found["pictures"]) == ("20", "0", "2")
    assert (found["wider"], found["requests"]) == ("false", "0")
    heights = dict(each.split("=") for each in found["heights"].split(","))
    assert int(heights["met"]) < int(heights["breached"]), "a breach is seen without its colour"
    assert found["line"] == ("rgb(127, 176, 238)" if dark else "rgb(47, 95, 158)")


@pytest.mark.parametrize("width", [380, 1100])
def test_pages_fit_narrow_screens_and_names_stay_text(
    measure: Callable[..., dict[str, str]], width: int
) -> None:
    standings = [Standing("shop.a", "shop", "1", days()[2]), Standing(HOSTILE, HOSTILE, None, None)]
    for text in (model_page(seen(days(HOSTILE))), fleet_page(standings, {"shop.a": days()}, {})):
        found = measure(text, width=width)
        assert (found["wider"], found["alert"], found["invisible"]) == ("false", "false", "0")


def test_what_the_browser_reads_is_what_the_page_says(browser: str, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(model_page(seen()))
    done = subprocess.run(
        [browser, *FLAGS,
         f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", page.as_uri()],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    read, written = Page(done.stdout), Page(page.read_text())
    assert [tag for tag, _ in read.elements if tag != "i"] == [
        tag for tag, _ in written.elements if tag != "i"
    ]
    assert "blind: 43 rows, needs 80" in read.text
