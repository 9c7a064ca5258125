"""The second story of the demonstration, asserted on the ledger that a run of it left."""

import pytest

from demo.lives.models import LIVES
from demo.lives.told import read_story, scores, sentence
from docs.embed import CHECKOUT
from flows.replay import ticks
from policies.load import load_policies
from policies.objectives.wording import number
from registry.ledger import Ledger
from registry.records import Transition
from tests.demo.conftest import Demo

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("demo")]


def moves(ledger: Ledger, model: str) -> list[Transition]:
    """What happened to who serves, since the first version was adopted."""
    first, *rest = ledger.transitions(model)
    assert (first.kind, first.after.champion) == ("adopted", "1")
    return rest


def kinds(ledger: Ledger, model: str) -> list[str]:
    return [each.kind for each in moves(ledger, model)]


def made(ledger: Ledger, model: str) -> list[str | None]:
    """The versions that retrainings came to."""
    return [(each.result or {}).get("version") for each in ledger.intents(model, ("retrain",))]


def test_a_drifted_model_is_retrained_shadowed_ramped_promoted_and_recovers(ledger: Ledger) -> None:
    name = "mobility.trips"
    drifted = LIVES[name].model.fault
    assert drifted is not None
    first = next(each for each in ledger.incidents(name) if each.kind == "performance")
    assert (first.began, first.resolved is not None) == (drifted.began, True)
    assert made(ledger, name) == ["2"]
    found = moves(ledger, name)
    assert [(each.kind, each.after.weight) for each in found] == [
        ("shadowed", 0.0),
        ("canaried", 0.1),
        ("stepped", 0.5),
        ("promoted", 0.0),
        ("baked", 0.0),
    ]
    assert {each.actor_kind for each in found} == {"muster"}
    before, meanwhile, since = scores(read_story(ledger, name))
    assert before is not None
    assert meanwhile is not None
    assert since is not None
    # What came true is 1.6 times as large: a model that knows that is wrong by 1.6 times as much.
    assert meanwhile > 2 * before
    assert since < 2 * before


def test_each_share_of_the_ramp_was_verified_in_the_log(ledger: Ledger) -> None:
    orders = ledger.intents("mobility.trips", ("carry_out",))
    assert [each.result and each.result["verified"] for each in orders] == [True, True, True]
    assert [(each.sentence or "").rpartition(" says that ")[2] for each in orders] == [
        "version 1 answers, and version 2 its 10 %",
        "version 1 answers, and version 2 its 50 %",
        "version 2 answers: its 1,920 newest rows name it",
    ]


def test_a_challenger_that_is_worse_is_refused(ledger: Ledger) -> None:
    name = "mobility.members"
    assert made(ledger, name) == ["2"]
    assert kinds(ledger, name) == ["shadowed", "rejected"]
    refused = moves(ledger, name)[-1]
    assert (refused.actor_kind, refused.after.champion) == ("muster", "1")
    assert "higher than the champion's" in refused.reason


def test_a_promotion_that_goes_bad_in_its_bake_is_rolled_back_by_itself(ledger: Ledger) -> None:
    name = "mobility.visitors"
    assert kinds(ledger, name) == ["shadowed", "promoted", "rolled_back"]
    _, promoted, back = moves(ledger, name)
    assert promoted.after.bake_until is not None
    assert promoted.at < back.at < promoted.after.bake_until
    assert (back.actor_kind, back.after.champion, back.after.frozen_by) == ("muster", "1", "muster")
    assert "higher than the previous champion's" in back.reason


def test_another_is_rolled_back_by_hand(ledger: Ledger) -> None:
    name, by_hand = "mobility.docks", LIVES["mobility.docks"].by_hand
    assert by_hand is not None
    assert kinds(ledger, name) == ["shadowed", "promoted", "rolled_back"]
    back = moves(ledger, name)[-1]
    assert (back.at, back.actor, back.actor_kind) == (by_hand.at, by_hand.by, "person")
    assert (back.reason, back.after.champion) == (by_hand.reason, "1")
    restored = ledger.intents(name, ("carry_out",))[-1]
    assert restored.result is not None
    assert restored.result["verified"]


def test_an_outage_pages_and_retrains_nothing(ledger: Ledger) -> None:
    name = "mobility.weather"
    outage = next(each for each in ledger.incidents(name) if each.kind == "all_null")
    assert (outage.severity, outage.columns) == ("critical", ("hr",))
    told = [each.intent.content["alert"] for each in ledger.intents(name, ("send",)) if each.status == "done"]
    (page,) = (each for each in told if each["incident"] == outage.name and each["kind"] == "opened")
    assert page["severity"] == "critical"
    assert "Muster does not make a challenger" in page["doing"]
    # Although the score fell short, which makes a challenger otherwise.
    assert any(each.kind == "performance" for each in ledger.incidents(name))
    assert ledger.intents(name, ("retrain",)) == ()
    assert kinds(ledger, name) == []


def test_every_alert_was_delivered_and_no_act_is_left(ledger: Ledger) -> None:
    for name in LIVES:
        assert [each.intent.key for each in ledger.intents(name) if each.status != "done"] == []


def test_the_alias_equals_who_serves(demo: Demo, ledger: Ledger) -> None:
    from registry.versions import MlflowVersions

    versions = MlflowVersions(f"sqlite:///{demo.state / 'mlflow.db'}", str(demo.state / "mlflow-artifacts"))
    for name in LIVES:
        served, now = versions.served(name, "champion"), ledger.assignment(name)
        assert served is not None
        assert now is not None
        assert served.version == now.champion


def test_every_window_was_watched_when_a_schedule_would_have(ledger: Ledger) -> None:
    policies = {
        each.policy.model: each.policy for each in load_policies([CHECKOUT / "demo/policies"]).policies
    }
    for name, life in LIVES.items():
        looks = list(ticks(policies[name], life.model.serves.start, life.model.serves.end))
        windows = ledger.windows(name)
        assert len(windows) == len(looks) - 1
        assert {each.recorded_at for each in windows} <= set(looks)


def test_what_is_printed_is_what_the_ledger_tells(demo: Demo, ledger: Ledger) -> None:
    printed = " ".join(demo.printed.split())
    for name in LIVES:
        story = read_story(ledger, name)
        (*_, since) = scores(story)
        assert since is not None
        assert number(since) in printed
        for part in sentence(story).split("; "):
            assert all(word in printed for word in part.split())
