"""Everything that a verdict may ask for is carried out by somebody."""

from datetime import timedelta
from pathlib import Path
from typing import get_args

from flows.bodies import bodies_of
from flows.step import begin
from policies.intents import MESSAGES, Intent, IntentKind
from policies.load import Fleet
from registry.intent_records import RecordedIntent
from registry.settings import load_settings
from tests.fakes import DAY, START, loaded, policy, world


def recorded(kind: IntentKind) -> RecordedIntent:
    content = {"version": "2", "opponent": "1", "weight": 0.1, "why": "shown better"}
    return RecordedIntent(Intent("shop.prices", f"{kind} of 2", kind, kind, content), START, "claimed")


def test_every_kind_of_intent_has_a_body(tmp_path: Path) -> None:
    bodies = bodies_of(Fleet((), ()), load_settings({}, tmp_path))
    assert set(bodies) == set(get_args(IntentKind)) - set(MESSAGES)


def test_a_move_of_who_no_longer_contends_has_failed_and_says_so(tmp_path: Path) -> None:
    opened = world(tmp_path, START + DAY + timedelta(hours=1))
    with opened.ledger:
        begin(policy(), "", opened)
        done = bodies_of(Fleet((loaded(policy()),), ()), load_settings({}, tmp_path))["canary"](
            recorded("canary"), opened
        )
    assert done.event == "failed"
    assert "version 2 of shop.prices no longer contends with version 1" in done.sentence


def test_without_a_policy_file_nothing_is_retrained(tmp_path: Path) -> None:
    opened = world(tmp_path, START + DAY)
    with opened.ledger:
        done = bodies_of(Fleet((), ()), load_settings({}, tmp_path))["retrain"](recorded("retrain"), opened)
    assert (done.event, done.sentence) == ("failed", "shop.prices has no policy file that can be read")


def test_when_nobody_contends_a_look_says_so(tmp_path: Path) -> None:
    opened = world(tmp_path, START + DAY)
    with opened.ledger:
        begin(policy(), "", opened)
        done = bodies_of(Fleet((), ()), load_settings({}, tmp_path))["shadow"](recorded("shadow"), opened)
    assert (done.event, done.sentence) == ("done", "nobody contends")
