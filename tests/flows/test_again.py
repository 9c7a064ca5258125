"""What failed for good is named with the command that tries it again, and is tried again once."""

import shlex
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from flows.again import failed_for_good, id_of, try_again
from flows.bodies import Bodies, Done
from flows.carrying import Pace, carry_out_due
from flows.doctor_acts import complaints
from policies.intents import Intent, IntentKind
from policies.load import Fleet
from policies.remediation import Remediation
from profiles.effects import observed
from profiles.errors import MoveRefused, MusterError
from registry.intent_records import RecordedIntent
from tests.fakes import loaded, policy
from tests.flows.counter import ANN, MODEL, Shop, opened


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    yield from opened(tmp_path)


def fail(shop: Shop, kind: IntentKind, **result: object) -> None:
    """Record an act and that it failed."""
    key = "for drift"
    content = {"version": shop.champion, "opponent": "0", "why": "worse"}
    shop.world.ledger.record_intents([Intent(MODEL, key, kind, kind, content)], None, shop.now)
    claim = shop.world.ledger.claim("w", shop.now, shop.now + timedelta(minutes=1), (kind,))
    assert claim is not None
    shop.world.ledger.end(claim, "failed", shop.now, "given up after 3 attempts: no disk", result)
    shop.now += timedelta(minutes=1)


def failed(shop: Shop) -> list[str]:
    return [each.intent.key for each in failed_for_good(shop.world.ledger)]


@pytest.mark.parametrize(
    ("kind", "result", "named"),
    [
        ("retrain", {"attempts": 3}, True),
        ("retrain", {"outcome": "failed"}, True),
        ("retrain", {"outcome": "refused"}, False),
        ("promote", {}, False),
        ("promote", {"attempts": 3}, True),
        ("roll_back", {}, True),
    ],
)
def test_what_nobody_tries_any_more_is_named(
    shop: Shop, kind: IntentKind, result: dict[str, object], named: bool
) -> None:
    fail(shop, kind, **result)
    assert bool(failed(shop)) is named


def test_a_rollback_matters_only_for_who_serves(shop: Shop) -> None:
    fail(shop, "roll_back")
    shop.promote("2")
    assert failed(shop) == []


def test_an_order_that_was_not_seen_matters_while_its_version_serves(shop: Shop) -> None:
    from flows.carrying_out import follow

    seen = replace(shop.has(), traffic=replace(policy().traffic, version="who"))
    shop.promote("2")
    shop.world.ledger.record_intents(
        [Intent(MODEL, "once more", "carry_out", "make 2 answer", {"revision": 2})], None, shop.now
    )
    shop.now += timedelta(minutes=20)
    follow(MODEL, seen, shop.world, shop.rollout, "w")
    assert failed(shop) == ["once more"]
    shop.promote("3")
    assert failed(shop) == []


def test_the_command_of_the_doctor_names_it(shop: Shop) -> None:
    fail(shop, "retrain", attempts=3)
    fleet = Fleet((loaded(policy(remediation=Remediation(rolls_with=("shop.typo",)))),), ())
    (wrong, mend), (tied, _) = complaints(fleet, shop.world.ledger)
    assert wrong == f"retrain of {MODEL} failed for good (for drift): given up after 3 attempts: no disk"
    assert shlex.split(mend) == ["muster", "reconcile", "--again", f"{MODEL}: for drift"]
    assert "shop.typo, which the ledger does not know" in tied


def test_it_is_tried_again_once_as_a_wish_of_the_person(shop: Shop) -> None:
    fail(shop, "retrain", attempts=3)
    shop.world.ledger.freeze("all", ANN, "", shop.now)
    wanted = try_again(f"{MODEL}: for drift", ANN, shop.world)
    assert (wanted.intent.key, wanted.status) == ("for drift (again 1)", "waiting")
    assert (wanted.approved_by, wanted.intent.automatic) == (ANN, False)
    assert try_again(f"{MODEL}: for drift", ANN, shop.world).intent.key == wanted.intent.key
    assert failed(shop) == []
    asked: list[str] = []

    def body(recorded: RecordedIntent, _world: object) -> Done:
        asked.append(recorded.intent.key)
        raise MusterError("still no disk")

    bodies: Bodies = {"retrain": body}
    carry_out_due(shop.world, bodies, "w", lambda: None, Pace(patience=timedelta(0)))
    assert asked == ["for drift (again 1)"]
    assert failed(shop) == ["for drift (again 1)"]
    third = try_again(f"{MODEL}: for drift (again 1)", ANN, shop.world)
    assert third.intent.key == "for drift (again 2)"
    assert shop.world.ledger.verify().sound


def test_killed_before_it_is_due_it_is_wanted_once(shop: Shop) -> None:
    class Killed(BaseException):
        pass

    def die(point: str) -> None:
        if point == "after ledger.commit intent":
            raise Killed

    fail(shop, "retrain", attempts=3)
    with observed(die), pytest.raises(Killed):
        try_again(f"{MODEL}: for drift", ANN, shop.world)
    assert try_again(f"{MODEL}: for drift", ANN, shop.world).status == "waiting"
    keys = [each.intent.key for each in shop.world.ledger.intents(MODEL, ("retrain",))]
    assert keys == ["for drift", "for drift (again 1)"]


def test_what_has_not_failed_is_not_tried_again(shop: Shop) -> None:
    fail(shop, "retrain", attempts=3)
    shop.promote("2")
    done = next(each for each in shop.world.ledger.intents(MODEL, ("carry_out",)))
    for chosen in (id_of(done), "nonsense"):
        with pytest.raises(MoveRefused, match=f"{MODEL}: for drift"):
            try_again(chosen, ANN, shop.world)
