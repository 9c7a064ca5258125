"""Transitions: compare-and-swap, replay, states of versions, races."""

import multiprocessing
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from profiles.errors import LedgerConflict, LedgerUnavailable
from registry.ledger import Ledger
from registry.records import Assignment, TransitionRequest, VersionState

RACED = 50


def test_a_transition_changes_who_serves_and_says_why(known: Ledger, facts: Any) -> None:
    assert known.assignment(facts.model) is None
    first = known.transit(facts.request(0, "1"), facts.at(1))
    assert first == Assignment(facts.model, 1, "1") == known.assignment(facts.model)
    digest = known.record_policy(facts.policy(), "model: ...", facts.at(1))
    request = facts.request(
        1,
        "2",
        previous="1",
        kind="promoted",
        key="promote 2",
        actor="ann",
        actor_kind="person",
        bake_until=facts.at(9),
        evidence={"gate": {"loss": 0.25}},
        policy_digest=digest,
    )
    second = known.transit(request, facts.at(2))
    assert second == known.assignment(facts.model)
    assert second.bake_until == facts.at(9)
    last = known.transitions(facts.model)[-1]
    assert (last.before, last.after, last.at) == (first, second, facts.at(2))
    assert (last.actor, last.evidence, last.policy_digest) == ("ann", {"gate": {"loss": 0.25}}, digest)


def test_a_lost_race_is_told_who_won(known: Ledger, facts: Any) -> None:
    known.transit(facts.request(0, "1"), facts.at(1))
    for seen in (0, 7):
        with pytest.raises(LedgerConflict) as lost:
            known.transit(facts.request(seen, "2", key="too late"), facts.at(2))
        assert f"decided on revision {seen}, but the current revision is 1" in str(lost.value)
        assert "adopted by external" in str(lost.value)
    assert len(known.transitions(facts.model)) == 1


def test_a_transition_of_nothing_yet_is_told_so(known: Ledger, facts: Any) -> None:
    with pytest.raises(LedgerConflict, match="nobody serves yet"):
        known.transit(facts.request(3, "1"), facts.at(1))


def test_the_same_request_gets_the_same_answer(known: Ledger, facts: Any) -> None:
    first = known.transit(facts.request(0, "1"), facts.at(1))
    known.transit(facts.request(1, "2", previous="1"), facts.at(2))
    assert known.transit(facts.request(0, "1"), facts.at(3)) == first
    assert known.transit(facts.request(5, "1", key="adopt 1 after 0"), facts.at(3)) == first
    assert [transition.revision for transition in known.transitions(facts.model)] == [1, 2]


def test_only_recorded_versions_may_serve(known: Ledger, facts: Any) -> None:
    with pytest.raises(LedgerUnavailable, match=r"version 9 of .* is not in the ledger"):
        known.transit(facts.request(0, "9"), facts.at(1))
    assert known.assignment(facts.model) is None


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"weight": 1.5}, "not a share"),
        ({"challenger": "2"}, "needs a role"),
        ({"challenger_role": "shadow"}, "needs a role"),
        ({"challenger": "1", "challenger_role": "canary"}, "contend with itself"),
    ],
)
def test_a_request_that_contradicts_itself_is_refused(fields: dict[str, Any], fault: str, facts: Any) -> None:
    with pytest.raises(ValueError, match=fault):
        _ = facts.request(0, "1", **fields).after


def test_states_of_versions_follow_from_the_transitions(known: Ledger, facts: Any) -> None:
    def states() -> tuple[VersionState, ...]:
        found = [known.version(facts.model, version) for version in ("1", "2")]
        return tuple(version.state for version in found if version is not None)

    steps: list[tuple[dict[str, Any], tuple[str, str]]] = [
        ({"champion": "1", "kind": "adopted"}, ("champion", "candidate")),
        (
            {"champion": "1", "kind": "shadowed", "challenger": "2", "challenger_role": "shadow"},
            ("champion", "shadow"),
        ),
        ({"champion": "1", "kind": "rejected"}, ("champion", "rejected")),
        (
            {"champion": "1", "kind": "canaried", "challenger": "2", "challenger_role": "canary"},
            ("champion", "canary"),
        ),
        ({"champion": "2", "kind": "promoted", "previous": "1"}, ("retired", "champion")),
        ({"champion": "2", "kind": "frozen", "frozen_by": "ann"}, ("retired", "champion")),
        ({"champion": "1", "kind": "rolled_back", "previous": "2"}, ("champion", "rolled_back")),
    ]
    assert states() == ("candidate", "candidate")
    for seen, (fields, expected) in enumerate(steps):
        known.transit(facts.request(seen, key=f"step {seen}", **fields), facts.at(seen))
        assert states() == expected
    assert known.verify().sound


def test_who_served_at_a_time(known: Ledger, facts: Any) -> None:
    assert known.served_at(facts.model, facts.at(1)) is None
    known.transit(facts.request(0, "1"), facts.at(5))
    known.transit(facts.request(1, "2", previous="1", kind="promoted"), facts.at(7))
    served = [known.served_at(facts.model, facts.at(day)) for day in (1, 5, 6.9, 7, 30)]
    assert served == ["1", "1", "1", "2", "2"]


def test_before_a_first_promotion_nobody_served(known: Ledger, facts: Any) -> None:
    known.transit(facts.request(0, "1", kind="promoted"), facts.at(5))
    assert known.served_at(facts.model, facts.at(4)) is None


def test_two_processes_racing_make_one_transition_per_revision(
    known: Ledger, ledger_url: str, facts: Any
) -> None:
    known.transit(facts.request(0, "1"), facts.at(0))
    context = multiprocessing.get_context("spawn")
    with context.Pool(2) as pool:
        results = pool.starmap(_race, [(ledger_url, facts.request(1, "2"), facts.at(1), n) for n in (1, 2)])
    won = sum(won for won, _ in results)
    assert won == RACED
    assignment = known.assignment(facts.model)
    assert assignment is not None
    assert assignment.revision == RACED + 1
    transitions = known.transitions(facts.model)
    assert [transition.revision for transition in transitions] == list(range(1, RACED + 2))
    assert all(b.before == a.after for a, b in pairwise(transitions))
    assert known.verify().sound


def _race(url: str, request: TransitionRequest, at: Any, racer: int) -> tuple[int, int]:
    """Try to make every revision up to the last one; return how often this process won and lost."""
    won = lost = 0
    with Ledger.open(url) as ledger:
        for seen in range(1, RACED + 1):
            wish = replace(request, seen_revision=seen, key=f"racer {racer}, revision {seen}")
            try:
                ledger.transit(wish, at)
            except LedgerConflict:
                lost += 1
            else:
                won += 1
    return won, lost
