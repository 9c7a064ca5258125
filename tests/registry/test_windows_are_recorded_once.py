"""Readings, their revisions, and verdicts on them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from policies.verdict import Status
from profiles.errors import LedgerUnavailable
from profiles.window import Window
from registry.ledger import Ledger

DAY = timedelta(days=1)


@pytest.fixture
def policy(known: Ledger, facts: Any) -> str:
    return known.record_policy(facts.policy(), "model: ...", facts.at(0))


def test_a_window_comes_back_as_it_was_recorded(known: Ledger, facts: Any, policy: str) -> None:
    reading, verdict = facts.reading(0, mae=41.25), facts.verdict(0, Status.BREACHED)
    assert known.record_window(reading, verdict, policy, facts.at(1.1), flow_run="run-7") == 1
    judged = known.judged(facts.model)
    assert judged is not None
    assert (judged.reading, judged.verdict) == (reading, verdict)
    assert (judged.policy_digest, judged.revision, judged.recorded_at) == (policy, 1, facts.at(1.1))


def test_recording_the_same_again_changes_nothing(known: Ledger, facts: Any, policy: str) -> None:
    for day in (1.1, 1.2, 1.3):
        assert known.record_window(facts.reading(0), facts.verdict(0), policy, facts.at(day)) == 1
    judged = known.judged(facts.model)
    assert judged is not None
    assert judged.recorded_at == facts.at(1.1)
    assert len(known.content()["readings"]) == len(known.content()["verdicts"]) == 1


def test_a_different_reading_supersedes_and_both_stay(known: Ledger, facts: Any, policy: str) -> None:
    known.record_window(facts.reading(0), facts.verdict(0), policy, facts.at(1))
    late = facts.verdict(0, Status.AT_RISK)
    assert known.record_window(facts.reading(0, mae=44.0), late, policy, facts.at(8)) == 2
    assert known.record_window(facts.reading(0), facts.verdict(0), policy, facts.at(9)) == 3
    assert [row["revision"] for row in known.content()["readings"]] == [1, 2, 3]
    assert [judged.revision for judged in known.windows(facts.model)] == [3]


def test_another_policy_adds_a_verdict_to_the_same_reading(known: Ledger, facts: Any, policy: str) -> None:
    known.record_window(facts.reading(0), facts.verdict(0), policy, facts.at(1))
    strict = known.record_policy(facts.policy(minimum_rows=900), "model: ...", facts.at(2))
    blind = facts.verdict(0, Status.INCONCLUSIVE)
    assert known.record_window(facts.reading(0), blind, strict, facts.at(2)) == 1
    judged = known.judged(facts.model, facts.window(0).start)
    assert judged is not None
    assert (judged.verdict.status, judged.policy_digest) == (Status.INCONCLUSIVE, strict)
    assert len(known.content()["verdicts"]) == 2


def test_the_first_verdict_of_a_policy_on_a_reading_stands(known: Ledger, facts: Any, policy: str) -> None:
    known.record_window(facts.reading(0), facts.verdict(0), policy, facts.at(1))
    known.record_window(facts.reading(0), facts.verdict(0, Status.BREACHED), policy, facts.at(2))
    assert [judged.verdict.status for judged in known.windows(facts.model)] == [Status.MET]


def test_a_window_needs_a_recorded_policy_of_its_model(known: Ledger, facts: Any) -> None:
    with pytest.raises(LedgerUnavailable, match=r"record the policy first"):
        known.record_window(facts.reading(0), facts.verdict(0), "sha256:unknown", facts.at(1))
    assert known.windows(facts.model) == ()
    with pytest.raises(LedgerUnavailable, match=r"knows no model pricing\.other"):
        known.record_window(
            facts.reading(0, model="pricing.other"),
            facts.verdict(0, model="pricing.other"),
            "sha256:unknown",
            facts.at(1),
        )


def test_reading_and_verdict_have_to_be_of_one_window(known: Ledger, facts: Any, policy: str) -> None:
    with pytest.raises(ValueError, match="the verdict is on"):
        known.record_window(facts.reading(0), facts.verdict(1), policy, facts.at(2))


def test_what_is_no_number_is_not_recorded(known: Ledger, facts: Any, policy: str) -> None:
    with pytest.raises(ValueError, match="not to be stored"):
        known.record_window(facts.reading(0, mae=float("nan")), facts.verdict(0), policy, facts.at(2))


def test_a_window_settles_when_it_is_found_unchanged_in_time(known: Ledger, facts: Any, policy: str) -> None:
    def watch(day: int, at: float) -> None:
        known.record_window(facts.reading(day), facts.verdict(day), policy, facts.at(at), facts.at(day + 8))

    for day in range(3):
        watch(day, day + 1.5)
    assert known.unsettled(facts.model, facts.at(7)) == ()
    assert known.unsettled(facts.model, facts.at(9)) == (facts.window(0), facts.window(1))
    watch(0, 7)
    assert facts.window(0) in known.unsettled(facts.model, facts.at(9))
    watch(0, 8)
    watch(0, 9)
    assert known.unsettled(facts.model, facts.at(9)) == (facts.window(1),)
    known.record_window(facts.reading(1, mae=41.0), facts.verdict(1), policy, facts.at(9), facts.at(9))
    assert known.unsettled(facts.model, facts.at(9)) == ()
    assert len(known.content()["settlements"]) == 1


def test_a_window_without_a_time_to_settle_is_settled(known: Ledger, facts: Any, policy: str) -> None:
    known.record_window(facts.reading(0), facts.verdict(0), policy, facts.at(1))
    assert known.unsettled(facts.model, facts.at(900)) == ()


def test_what_could_not_be_measured_is_due_again_until_it_could(
    known: Ledger, facts: Any, policy: str
) -> None:
    broken = facts.reading(0, fault="the log cannot be read")
    errored = facts.verdict(0, Status.ERRORED)
    for day in (1, 2):
        known.record_window(broken, errored, policy, facts.at(day), datetime.max.replace(tzinfo=UTC) - DAY)
    assert known.unsettled(facts.model, facts.at(2)) == (facts.window(0),)
    known.record_window(facts.reading(0, mae=40.0), facts.verdict(0), policy, facts.at(3))
    assert known.unsettled(facts.model, facts.at(3)) == ()


def test_questions_about_time_see_the_newest_revision_of_each_window(
    known: Ledger, facts: Any, policy: str
) -> None:
    assert known.watermark(facts.model) is None
    assert known.first_window(facts.model) is None
    assert known.judged(facts.model) is None
    for day in (4, 0, 2, 1, 3):
        known.record_window(facts.reading(day), facts.verdict(day), policy, facts.at(6))
    known.record_window(facts.reading(2, mae=40.0), facts.verdict(2), policy, facts.at(7))
    assert known.watermark(facts.model) == facts.at(5)
    assert known.first_window(facts.model) == facts.window(0)
    recent = known.recent(facts.model, facts.at(4), 3)
    assert [judged.reading.window for judged in recent] == [facts.window(day) for day in (1, 2, 3)]
    assert [judged.revision for judged in recent] == [1, 2, 1]
    between = known.windows(facts.model, since=facts.at(1), until=facts.at(3))
    assert [judged.reading.window.start for judged in between] == [facts.at(1), facts.at(2)]
    assert known.judged(facts.model, facts.at(1) + timedelta(hours=1)) is None


def test_the_newest_window_of_every_model_comes_from_one_question(
    known: Ledger, facts: Any, policy: str
) -> None:
    other = known.record_policy(facts.policy(model="pricing.cars"), "model: ...", facts.at(0))
    known.record_policy(facts.policy(model="pricing.never-watched"), "model: ...", facts.at(0))
    for day in range(3):
        known.record_window(facts.reading(day), facts.verdict(day), policy, facts.at(5))
        cars = facts.reading(day + 10, model="pricing.cars")
        verdict = facts.verdict(day + 10, model="pricing.cars")
        known.record_window(cars, verdict, other, facts.at(15))
    latest = [(judged.reading.model, judged.reading.window) for judged in known.latest()]
    assert latest == [(facts.model, facts.window(2)), ("pricing.cars", facts.window(12))]
    assert [model.model for model in known.models()][-1] == "pricing.never-watched"


def test_a_window_spelled_in_another_zone_is_the_same_window(known: Ledger, facts: Any, policy: str) -> None:
    from zoneinfo import ZoneInfo

    tokyo = ZoneInfo("Asia/Tokyo")
    window = Window(facts.at(0).astimezone(tokyo), facts.at(1).astimezone(tokyo))
    known.record_window(facts.reading(0), facts.verdict(0), policy, facts.at(1))
    same = known.record_window(facts.reading(0, window=window), facts.verdict(0), policy, facts.at(2))
    assert same == 1
