"""A rollback by Muster itself tries the version first, as one by hand does."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.moving import carry
from flows.rolling_back import Fitness, Preflight
from policies.intents import Intent
from policies.policy import Policy, Routes
from policies.remediation import Remediation
from policies.verdict import Severity
from profiles.errors import MoveRefused
from registry.intent_records import RecordedIntent
from tests.flows.counter import MODEL, Shop, opened


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """Version 2 was promoted over version 1, and is worse."""
    for made in opened(tmp_path):
        made.has(routes=Routes(critical=("pager",)))
        made.promote("2")
        yield made


def trying(**fit: bool | None) -> Preflight:
    """A test that knows of each version, as v1, whether it is fit."""

    def test(_: Policy, version: str) -> Fitness:
        found = fit[f"v{version}"]
        return Fitness(found, f"version {version} is {'fit' if found else 'not ready'}")

    return test


def rolled_back(shop: Shop, preflight: Preflight | None) -> str:
    content = {"version": "2", "opponent": "1", "why": "it loses 12 % more", "weight": 0.0}
    intent = Intent(MODEL, "roll_back 2 over 1", "roll_back", "roll back from version 2", content)
    recorded = shop.world.ledger.current_policy(MODEL)
    assert recorded is not None
    return carry(
        RecordedIntent(intent, shop.now, "claimed"), recorded.policy, shop.world, preflight=preflight
    )


def pages(shop: Shop) -> list[str]:
    alerts = [each.intent.content["alert"] for each in shop.world.ledger.intents(MODEL, ("send",))]
    return [each["sentence"] for each in alerts if each["severity"] == Severity.CRITICAL]


@pytest.mark.parametrize("fit", [True, None])
def test_a_version_that_is_fit_or_cannot_be_tried_serves_again(shop: Shop, fit: bool | None) -> None:
    said = rolled_back(shop, trying(v1=fit))
    assert (shop.champion, pages(shop)) == ("1", [])
    assert "version 1 is" in said


def test_one_that_is_not_fit_stays_away_and_somebody_is_paged_once(shop: Shop) -> None:
    for _ in range(2):
        with pytest.raises(MoveRefused, match="version 1 is not ready"):
            rolled_back(shop, trying(v1=False))
    assert shop.champion == "2"
    (page,) = pages(shop)
    assert "it loses 12 % more" in page
    assert "version 1 is not ready" in page


def test_in_its_place_the_fallback_serves_if_that_is_fit(shop: Shop) -> None:
    shop.has(routes=Routes(critical=("pager",)), remediation=Remediation(fallback="3"))
    with pytest.raises(MoveRefused, match="version 3 is not ready"):
        rolled_back(shop, trying(v1=False, v3=False))
    assert (shop.champion, len(pages(shop))) == ("2", 1)
    rolled_back(shop, trying(v1=False, v3=True))
    assert shop.champion == "3"


def test_carried_out_again_nothing_is_tried_again(shop: Shop) -> None:
    rolled_back(shop, trying(v1=True))
    assert "carried out already" in rolled_back(shop, trying())
    assert shop.champion == "1"
