"""Prefect's own pages in a real browser, used as a person uses them: by what is written on the buttons."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterId

from tests.flows.a_prefect import PASSWORD, PrefectServer, until

_SIZE = {"width": 1360, "height": 900}
_PATIENCE = 30_000  # milliseconds; pages load slowly beside a busy worker
_GLANCE = 3_000


@dataclass(frozen=True)
class Pages:
    """A person at the pages of a server; what is on the screen is kept in `pictures`."""

    page: Page
    address: str
    pictures: Path

    def open_deployment(self, deployment: Any) -> None:
        """Go to a deployment's page."""
        self.page.goto(f"{self.address}/deployments/deployment/{deployment.id}")
        expect(self.page.get_by_role("button", name="Run", exact=True)).to_be_visible()

    def description(self) -> str:
        """Read the tab with the deployment's description."""
        self.page.get_by_role("tab", name="Description").click()
        panel = self.page.get_by_role("tabpanel", name="Description")
        expect(panel).to_contain_text("Made from the policy files")
        return panel.inner_text()

    def quick_run(self) -> None:
        """Press *Run* and *Quick run*; nothing else is asked."""
        self.page.get_by_role("button", name="Run", exact=True).click()
        self.page.get_by_role("menuitem", name="Quick run").click()

    def custom_run(self) -> None:
        """Press *Run* and *Custom run*: the form is there, filled in as the deployment says."""
        self.page.get_by_role("button", name="Run", exact=True).click()
        self.page.get_by_role("menuitem", name="Custom run").click()
        expect(self.page.get_by_role("button", name="Submit")).to_be_visible()

    def submit(self) -> None:
        """Send the form."""
        self.page.get_by_role("button", name="Submit").click()

    def open_run(self, run: Any) -> None:
        """Go to a flow run's page."""
        self.page.goto(f"{self.address}/runs/flow-run/{run.id}")
        expect(self.page.get_by_text(run.name).first).to_be_visible()

    def expect_logged(self, line: str) -> None:
        """Wait for a line of a run's log: its page does not ask for those that came after a run's end."""

        def shown() -> bool:
            try:
                expect(self.page.get_by_text(line).first).to_be_visible(timeout=_GLANCE)
            except AssertionError:
                self.page.reload()
                return False
            return True

        until(shown, limit=60, what=f"the line {line!r} in the run's log")

    def ended(self, client: Any, deployment: Any, *, since: float) -> Any:
        """Wait for the end of the run of a deployment that was started since then (seconds)."""
        of = DeploymentFilter(id=DeploymentFilterId(any_=[deployment.id]))

        def run() -> Any:
            runs = client.read_flow_runs(deployment_filter=of)
            return next((each for each in runs if each.created.timestamp() >= since), None)

        started = until(run, limit=60, what="a run of the deployment")

        def state() -> Any:
            found = client.read_flow_run(started.id)
            return found.state.is_final() and found

        return until(state, limit=180, what="the run's end")

    def open_artifact(self, key: str) -> None:
        """From a run's page, go to the artifact whose key begins so."""
        self.page.get_by_role("tab", name="Artifacts").click()
        self.page.get_by_text(key).first.click()
        self.page.get_by_role("link", name=re.compile("^[0-9a-f]{8}$")).first.click()
        expect(self.page.get_by_text("What may follow:").first).to_be_visible()

    def text(self) -> str:
        """Read everything that is shown."""
        return self.page.inner_text("body")

    def picture(self, name: str) -> None:
        """Keep what is on the screen, all of the page's length."""
        self.page.wait_for_load_state("networkidle")
        self.page.screenshot(path=self.pictures / f"{name}.png", full_page=True)


@contextmanager
def pages_of(server: PrefectServer, browser: Browser, pictures: Path) -> Iterator[Pages]:
    """Log into the pages of a server."""
    page = browser.new_page(viewport=_SIZE)  # type: ignore[arg-type]
    page.set_default_timeout(_PATIENCE)
    expect.set_options(timeout=_PATIENCE)
    address = server.api.removesuffix("/api") + "/v2"
    page.goto(f"{address}/deployments")
    page.get_by_placeholder("admin:pass").fill(PASSWORD)
    page.get_by_role("button", name="Login").click()
    expect(page.get_by_role("link", name="Deployments").first).to_be_visible()
    try:
        yield Pages(page, address, pictures)
    finally:
        page.close()
