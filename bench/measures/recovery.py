"""How long a person who presses the button waits until the earlier version answers, and what that costs."""

from contextlib import ExitStack
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from bench.measure import Measure, NotHere, Target

if TYPE_CHECKING:
    from tests.flows.a_click import Clicked


def click_seconds(*, repeats: int = 3) -> list[float]:
    """From *Quick run* until the run has ended and the earlier version answers."""
    return [each.seconds for each in _clicks(repeats)]


def failed_requests(*, repeats: int = 3) -> list[float]:
    """Of the requests that came in during all of it, those that were not answered with 200."""
    return [float(sum(len(each.failed) for each in _clicks(repeats)))]


@cache
def _clicks(repeats: int) -> "tuple[Clicked, ...]":
    """Press the button `repeats` times, in the pages of a real server, with a real worker and service."""
    from tests.chromium import chromium, found
    from tests.flows.a_click import roll_back_by_click
    from tests.flows.a_prefect import client_of, serving
    from tests.flows.a_shop import deploy, open_shop
    from tests.flows.prefect_pages import pages_of

    if found() is None:
        raise NotHere("no browser on this machine: apt-get install chromium")
    with TemporaryDirectory() as folder, ExitStack() as running:
        root = Path(folder)
        for name in ("server", "flows", "shop", "pictures"):
            (root / name).mkdir()
        server = running.enter_context(serving(root / "server", root / "flows"))
        client = running.enter_context(client_of(server, root / "client"))
        shop = open_shop(root / "shop", _registry(root), "{}")
        deploy(shop, client)
        extra = {"MUSTER_CONFIG": str(shop.folder / "muster.toml")}
        running.enter_context(server.worker("click", cwd=shop.folder, extra=extra))
        browser = running.enter_context(chromium())
        pages = running.enter_context(pages_of(server, browser, root / "pictures"))
        return tuple(roll_back_by_click(shop, pages, client) for _ in range(repeats))


def _registry(root: Path) -> str:
    """Make an empty model registry in a file; one that is not there would be no registry at all."""
    (root / "mlflow.db").touch()
    return f"sqlite:///{root / 'mlflow.db'}"


MEASURES = (
    Measure(
        key="rollback_click_to_verified_s",
        unit="s",
        meaning=(
            "From *Quick run* on the page of `rollback/<model>`, pressed in headless Chromium, until the run"
            " has ended because the restored version was seen in the prediction log, and the service answers"
            " with it; real Prefect server, worker and service on one machine, under load."
        ),
        take=click_seconds,
        tiny={"repeats": 1},
    ),
    Measure(
        key="rollback_failed_requests",
        unit="requests",
        meaning=(
            "Requests to the service that failed from before the promotion of the bad version until after its"
            " rollback by that click, one request after the other all the time, in all repeats together."
        ),
        take=failed_requests,
        tiny={"repeats": 1},
        target=Target("at most", 0),
    ),
)
