"""A rollback by one click: in Prefect's pages, under load, until the restored version was seen to answer."""

import time
from dataclasses import dataclass
from typing import Any

from tests.flows.a_prefect import until
from tests.flows.a_shop import MODEL, Load, Shop, version_of
from tests.flows.prefect_pages import Pages


@dataclass(frozen=True)
class Clicked:
    """What came of a click: the flow run, and the load's requests as (status, version that answered).

    `seconds` are from the click until the run was seen to have ended and version 1 answered.
    """

    run: Any
    seconds: float
    requests: list[tuple[int, str]]
    failed: list[tuple[int, str]]


def roll_back_by_click(shop: Shop, pages: Pages, client: Any) -> Clicked:
    """Promote version 2 while requests come in, then press *Quick run* of the model's rollback."""
    button = client.read_deployment_by_name(f"rollback/{MODEL}")
    with shop.service() as url, Load(url).going_on() as load:
        shop.promote("2")
        until(lambda: version_of(url) == "2", limit=60, what="version 2 to answer")
        pages.open_deployment(button)
        pages.picture("rollback-1-deployment")
        since, pressed = time.time(), time.monotonic()
        pages.quick_run()
        run = pages.ended(client, button, since=since)
        answering = version_of(url)
        seconds = time.monotonic() - pressed
        assert (run.state.name, answering) == ("Completed", "1"), run.state.message
    return Clicked(run, seconds, load.answered, load.failed)
