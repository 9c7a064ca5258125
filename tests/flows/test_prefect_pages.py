"""What a person does in Prefect's own pages: approve a promotion by its form, roll back by one click."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from flows.proposals_form import show_proposals
from tests.chromium import pictures
from tests.flows.a_click import roll_back_by_click
from tests.flows.a_shop import MODEL, Load, Shop, deploy, open_shop, version_of
from tests.flows.prefect_pages import Pages, pages_of

pytestmark = [pytest.mark.servers, pytest.mark.browser, pytest.mark.xdist_group("prefect")]


@pytest.fixture
def shop(mlflow_store: Callable[[Path], str], prefect_client: Any, tmp_path: Path) -> Shop:
    (tmp_path / "shop").mkdir()
    opened = open_shop(tmp_path / "shop", mlflow_store(tmp_path), "{}")
    deploy(opened, prefect_client)
    return opened


@pytest.fixture
def pages(prefect_server: Any, chromium_browser: Browser, tmp_path: Path) -> Iterator[Pages]:
    with pages_of(prefect_server, chromium_browser, pictures(tmp_path / "pictures")) as opened:
        yield opened


@pytest.fixture
def worker(shop: Shop, prefect_server: Any) -> Iterator[None]:
    extra = {"MUSTER_CONFIG": str(shop.folder / "muster.toml")}
    with prefect_server.worker("click", cwd=shop.folder, extra=extra):
        yield


def test_quick_run_rolls_back_under_load_and_no_request_fails(
    shop: Shop, pages: Pages, worker: None, prefect_client: Any
) -> None:
    button = prefect_client.read_deployment_by_name(f"rollback/{MODEL}")
    pages.open_deployment(button)
    assert f"The same without Prefect and MLflow: muster rollback {MODEL}" in pages.description()
    clicked = roll_back_by_click(shop, pages, prefect_client)
    assert clicked.failed == []
    assert {version for _, version in clicked.requests} == {"1", "2"}
    assert clicked.requests[-1] == (200, "1")
    told = clicked.run.state.message
    assert f"Rolled back {MODEL} from version 2 to 1: the prediction log says that version 1 answers" in told

    pages.open_run(clicked.run)
    pages.expect_logged("version 1 of shop.prices serves; promotion is frozen")
    assert "Traceback" not in pages.text()
    pages.picture("rollback-2-run")
    pages.open_artifact("rollback-shop-prices")
    note = pages.text()
    assert f"Rolled back {MODEL} from version 2 to 1" in note
    assert f"muster recall {MODEL} --to FILE" in note
    pages.picture("rollback-3-artifact")
    world, _ = shop.open()
    last = world.ledger.transitions(MODEL)[-1]
    assert (last.kind, last.actor_kind, last.after.champion) == ("rolled_back", "claimed", "1")
    assert world.ledger.verify().sound
    world.ledger.close()


def test_a_promotion_is_approved_by_its_form_where_the_policy_lets_anybody(
    shop: Shop, pages: Pages, worker: None, prefect_client: Any
) -> None:
    shop.propose("2")
    world, _ = shop.open()
    show_proposals(world, prefect_client)
    form = prefect_client.read_deployment_by_name("promote/fleet")
    proposal = f"{MODEL}: proposed: promote 2 over 1 at revision 2"
    with shop.service() as url, Load(url).going_on() as load:
        pages.open_deployment(form)
        described = pages.description()
        assert "promote version 2 over version 1?" in described
        assert "mae at registration\t41.2\t27.9" in described
        pages.picture("promote-1-deployment")
        refused = _approve(pages, prefect_client, form, proposal, "promote-2-form")
        assert refused.state.is_failed()
        pages.open_run(refused)
        pages.expect_logged("Use the command `muster`")
        assert "the name is only claimed" in pages.text()
        assert "Traceback" not in pages.text()
        pages.picture("promote-3-refused")
        assert (world.ledger.standing(MODEL).champion, version_of(url)) == ("1", "1")

        shop.allow_anybody_to_promote()
        done = _approve(pages, prefect_client, form, proposal, "promote-4-form")
        assert done.state.name == "Completed", done.state.message
        assert f"Promoted {MODEL} from version 1 to 2: the prediction log says" in done.state.message
        assert version_of(url) == "2"
        pages.open_run(done)
        pages.picture("promote-5-run")
        pages.open_artifact("promotion-shop-prices")
        assert f"Back to version 1: muster rollback {MODEL}" in pages.text()
        pages.picture("promote-6-artifact")
        pages.open_deployment(form)
        assert "No proposal waits." in pages.description()
    assert load.failed == []
    last = world.ledger.transitions(MODEL)[-1]
    assert (last.kind, last.actor_kind, last.after.champion) == ("promoted", "claimed", "2")
    assert last.reason == "promote version 2 over version 1"
    assert world.ledger.verify().sound
    world.ledger.close()


def _approve(pages: Pages, client: Any, form: Any, proposal: str, picture: str) -> Any:
    """Open the form, find the proposal filled in, send it; return the run when it has ended."""
    pages.open_deployment(form)
    pages.custom_run()
    expect(pages.page.get_by_text(proposal).first).to_be_visible()
    pages.picture(picture)
    pressed = time.time()
    pages.submit()
    return pages.ended(client, form, since=pressed)
