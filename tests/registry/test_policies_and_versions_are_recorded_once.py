"""Policies, versions and baselines: natural keys, return of a policy, refusal of another content."""

from datetime import timedelta
from typing import Any

import pytest

from profiles.effects import observed
from profiles.errors import LedgerConflict, LedgerUnavailable
from profiles.window import Window
from registry.canonical import digest, dump
from registry.ledger import Ledger


def test_a_policy_is_recorded_under_the_digest_of_its_resolved_form(ledger: Ledger, facts: Any) -> None:
    policy = facts.policy()
    found = ledger.record_policy(policy, "model: pricing.bike-demand", facts.at(0))
    assert found == digest(dump(policy))
    recorded = ledger.policy(found)
    assert (recorded.policy, recorded.source) == (policy, "model: pricing.bike-demand")
    assert [(model.model, model.team) for model in ledger.models()] == [(policy.model, "pricing")]


def test_recording_a_policy_again_changes_nothing(ledger: Ledger, facts: Any) -> None:
    for day in range(3):
        ledger.record_policy(facts.policy(), "model: ...", facts.at(day))
    assert ledger.verify().entries == 1
    current = ledger.current_policy(facts.model)
    assert current is not None
    assert current.recorded_at == facts.at(0)


def test_a_policy_that_comes_back_is_the_current_one_again(ledger: Ledger, facts: Any) -> None:
    def current() -> int:
        found = ledger.current_policy(facts.model)
        return 0 if found is None else found.policy.minimum_rows

    assert current() == 0
    for day, rows in enumerate((80, 90, 80, 80, 90, 80)):
        ledger.record_policy(facts.policy(minimum_rows=rows), "model: ...", facts.at(day))
        assert current() == rows
    found = ledger.verify()
    assert (found.entries, found.sound) == (5, True)


def test_an_unknown_policy_is_said_to_be_unknown(ledger: Ledger) -> None:
    with pytest.raises(LedgerUnavailable, match="no policy sha256:0"):
        ledger.policy("sha256:0")


def test_a_version_comes_back_with_its_baselines(known: Ledger, facts: Any) -> None:
    assert known.version(facts.model, "1") == facts.version("1")
    assert known.baseline(facts.model, "1") == facts.baseline("1")
    assert known.version(facts.model, "9") is None
    assert known.baseline(facts.model, "1", "summer") is None


def test_a_version_without_a_time_counts_as_registered_when_first_heard_of(known: Ledger, facts: Any) -> None:
    known.record_version(facts.version("3", registered_at=None), (), facts.at(4))
    known.record_version(facts.version("3", registered_at=None), (), facts.at(5))
    version = known.version(facts.model, "3")
    assert version is not None
    assert version.registered_at == facts.at(4)


def test_a_baseline_may_be_added_later_under_another_name(known: Ledger, facts: Any) -> None:
    before = known.verify().entries
    summer = facts.baseline("1", name="summer", kind="period", period=None, scores={})
    for day in (1, 2):
        known.record_version(facts.version("1"), [facts.baseline("1"), summer], facts.at(day))
    assert known.baseline(facts.model, "1", "summer") == summer
    assert known.verify().entries == before + 1


@pytest.mark.parametrize(
    "changes",
    [
        {"profile_digest": f"sha256:{8:064x}"},
        {"rows": 1},
        {"scores": {"mae": 1.0}},
        {"period": None},
        {"kind": "evaluation"},
    ],
)
def test_a_baseline_never_changes(known: Ledger, facts: Any, changes: dict[str, Any]) -> None:
    with pytest.raises(LedgerConflict, match="a baseline never changes"):
        known.record_version(facts.version("1"), [facts.baseline("1", **changes)], facts.at(1))


@pytest.mark.parametrize("changes", [{"run_id": "other"}, {"source": "elsewhere"}])
def test_a_number_given_to_another_version_is_noticed(
    known: Ledger, facts: Any, changes: dict[str, Any]
) -> None:
    with pytest.raises(LedgerConflict, match=next(iter(changes))):
        known.record_version(facts.version("1", **changes), (), facts.at(1))


def test_a_digest_that_is_learned_later_is_no_other_version(known: Ledger, facts: Any) -> None:
    known.record_version(facts.version("1", artifact_digest="sha256:1"), (), facts.at(1))
    known.record_version(facts.version("3", artifact_digest="sha256:3"), (), facts.at(1))
    with pytest.raises(LedgerConflict, match="artifact_digest"):
        known.record_version(facts.version("3", artifact_digest="sha256:4"), (), facts.at(1))


def test_a_version_and_its_baselines_are_recorded_together_or_not_at_all(known: Ledger, facts: Any) -> None:
    with pytest.raises(ValueError, match="belongs to version 1"):
        known.record_version(facts.version("3"), [facts.baseline("3"), facts.baseline("1")], facts.at(1))
    assert known.version(facts.model, "3") is None
    with pytest.raises(ValueError, match="is none of"):
        facts.baseline("1", kind="dreamt")


def test_a_version_needs_a_recorded_policy(ledger: Ledger, facts: Any) -> None:
    with pytest.raises(LedgerUnavailable, match="record its policy first"):
        ledger.record_version(facts.version("1"), (), facts.at(0))


def test_every_commit_is_a_named_effect_and_a_death_before_it_leaves_nothing(
    known: Ledger, facts: Any
) -> None:
    class Death(BaseException):
        pass

    def die(point: str) -> None:
        points.append(point)
        if point.startswith("before"):
            raise Death

    policy = known.record_policy(facts.policy(), "model: ...", facts.at(0))
    before, points = known.content(), list[str]()
    with observed(die):
        for fact in (
            lambda: known.record_policy(facts.policy(minimum_rows=1), "", facts.at(1)),
            lambda: known.record_version(facts.version("3"), [facts.baseline("3")], facts.at(1)),
            lambda: known.transit(facts.request(0, "1"), facts.at(1)),
            lambda: known.record_window(facts.reading(0), facts.verdict(0), policy, facts.at(1)),
        ):
            with pytest.raises(Death):
                fact()
    kinds = ("policy", "version", "transition", "window")
    assert points == [f"before ledger.commit {kind}" for kind in kinds]
    assert known.content() == before


def test_content_is_the_same_however_and_whenever_the_facts_were_told(
    ledger: Ledger, facts: Any, tmp_path: Any
) -> None:
    facts.fill(ledger)
    with Ledger.open(f"sqlite:///{tmp_path / 'other.db'}") as other:
        facts.fill(other, late=timedelta(hours=3), flow_run="another run")
        assert other.content() == ledger.content()
        other.record_version(facts.version("3"), [facts.baseline("3")], facts.at(1))
        assert other.content() != ledger.content()


def test_a_period_is_kept_in_utc(known: Ledger, facts: Any) -> None:
    period = Window(facts.at(-9), facts.at(-2))
    known.record_version(facts.version("3"), [facts.baseline("3", period=period)], facts.at(0))
    bound = known.baseline(facts.model, "3")
    assert bound is not None
    assert bound.period == period
