"""Which versions have to prove themselves, by the transitions; and what is recorded of them, once."""

from dataclasses import replace
from typing import Any

import pytest

from policies.release import Contest
from profiles.mirrored import Decisions, Mirrored
from profiles.paired import Block, PairedLosses, Tails
from registry.canonical import dump, load
from registry.contests import contests
from registry.ledger import Ledger
from registry.records import Assignment, Transition
from registry.shadows import PairedReading

CHAMPION = {"champion": "1"}
SHADOW = {"champion": "1", "challenger": "2", "challenger_role": "shadow"}
CANARY = {"champion": "1", "challenger": "2", "challenger_role": "canary", "weight": 0.1}


def history(facts: Any, *steps: tuple[float, Any, dict[str, Any]]) -> tuple[Transition, ...]:
    told: list[Transition] = []
    for day, kind, changes in steps:
        after = Assignment(facts.model, len(told) + 1, **changes)
        before = told[-1].after if told else None
        told.append(
            Transition(
                facts.model,
                after.revision,
                facts.at(day),
                str(day),
                kind,
                "muster",
                "muster",
                "",
                before,
                after,
            )
        )
    return tuple(told)


def test_who_contends_since_when_and_at_which_stage(facts: Any) -> None:
    told = history(
        facts,
        (0, "adopted", CHAMPION),
        (1, "shadowed", SHADOW),
        (2, "frozen", {**SHADOW, "frozen_by": "ann"}),
        (3, "canaried", CANARY),
        (4, "frozen", {**CANARY, "frozen_by": "ann"}),
        (5, "stepped", {**CANARY, "weight": 0.5}),
    )
    assert contests(told[:1]) == ()
    assert contests(()) == ()
    shadow = Contest(facts.model, "2", "1", "shadow", facts.at(1), facts.at(1))
    assert contests(told[:3]) == (shadow,)
    canary = replace(shadow, stage="canary", stage_began=facts.at(3), weight=0.1)
    assert contests(told[:5]) == (canary,)
    assert contests(told) == (replace(canary, stage_began=facts.at(5), weight=0.5),)


def test_challengers_of_a_calendar_month_are_counted(facts: Any) -> None:
    steps: list[tuple[float, Any, dict[str, Any]]] = [(0, "adopted", CHAMPION)]
    for day in (1, 5, 9, 32):
        steps += [(day, "shadowed", SHADOW), (day + 1, "rejected", CHAMPION)]
    told = history(facts, *steps)
    assert [contests(told[:n])[0].nth for n in (2, 4, 6, 8)] == [1, 2, 3, 1]


def test_a_promotion_bakes_beside_the_champion_before(facts: Any) -> None:
    baking = {"champion": "2", "previous": "1", "bake_until": facts.at(9)}
    again = {**baking, "challenger": "3", "challenger_role": "shadow"}
    told = history(
        facts,
        (0, "adopted", CHAMPION),
        (2, "promoted", baking),
        (3, "shadowed", again),
        (9, "baked", {**again, "bake_until": None}),
    )
    bake = Contest(facts.model, "2", "1", "bake", facts.at(2), facts.at(2), until=facts.at(9))
    assert contests(told[:2]) == (bake,)
    challenge = Contest(facts.model, "3", "2", "shadow", facts.at(3), facts.at(3))
    assert contests(told[:3]) == (challenge, bake)
    assert contests(told) == (challenge,)


@pytest.fixture
def contest(known: Ledger, facts: Any) -> Contest:
    digest = facts.fill(known)
    known.record_window(facts.reading(0, mae=41.0), facts.verdict(0), digest, facts.at(8))
    return Contest(facts.model, "2", "1", "bake", facts.at(0), facts.at(0))


def test_what_a_window_tells_is_recorded_once_and_the_newest_counts(
    known: Ledger, facts: Any, contest: Contest
) -> None:
    paired = PairedLosses("absolute_error", 9.5, (Block(facts.at(0), 3, 3.0, 1.0, 2.0),), 1, 2, 0)
    mirrored = Mirrored(paired, {"all rows": Decisions(3, 1, 2, 1)}, 2)
    readings = [
        PairedReading.of(contest, facts.window(day), revision, replace(mirrored, served=served))
        for day, revision, served in ((0, 1, 1), (1, 1, 2), (0, 2, 3))
    ]
    for each in (*readings, *readings):
        known.record_paired(each, facts.at(9))
    known.record_paired(replace(readings[0], mirrored=mirrored), facts.at(9))
    assert known.paired_readings(contest) == (readings[2], readings[1])
    assert known.paired_readings(replace(contest, began=facts.at(1))) == ()
    assert known.verify().sound


def test_what_was_recorded_before_hours_had_tails_can_be_read(facts: Any) -> None:
    block = Block(facts.at(0), 3, 3.0, 1.0, 2.0, Tails(1.0, 0.5, 1.0))
    new = Mirrored(PairedLosses("absolute_error", 9.5, (block,)))
    assert load(Mirrored, dump(new)) == new
    old = dump(new).replace(',"tails":{"better":0.5,"heaviest":1.0,"worse":1.0}', "")
    assert "tails" not in old
    assert load(Mirrored, old).paired.blocks == (replace(block, tails=None),)
