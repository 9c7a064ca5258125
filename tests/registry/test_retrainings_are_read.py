"""What came of retrainings, for whoever decides on the next one."""

from datetime import timedelta
from typing import Any

import pytest

from policies.intents import Intent
from registry.intent_records import RecordedIntent
from registry.records import VersionState
from registry.retrainings import retrainings, useless_in_a_row
from tests.fakes import DAY, START


def recorded(day: int, kind: Any = "retrain", days: int | None = 1, **result: Any) -> RecordedIntent:
    at = START + day * DAY
    ended = None if days is None else at + days * DAY
    intent = Intent("shop.prices", f"key {day}", kind, "retrain")
    return RecordedIntent(
        intent, at, "done" if ended else "waiting", ended_at=ended, sentence="said", result=result
    )


STATES = {
    "2": VersionState.REJECTED,
    "3": VersionState.CHAMPION,
    "4": VersionState.SHADOW,
    "5": VersionState.ROLLED_BACK,
    "6": VersionState.RETIRED,
}


@pytest.mark.parametrize(
    ("result", "helped"),
    [
        ({"outcome": "did_not_help"}, False),
        ({"outcome": "refused"}, None),
        ({"outcome": "failed"}, None),
        ({}, None),
        ({"outcome": "retrained", "version": "2"}, False),
        ({"outcome": "retrained", "version": "3"}, True),
        ({"outcome": "retrained", "version": "4"}, None),
        ({"outcome": "retrained", "version": "5"}, False),
        ({"outcome": "retrained", "version": "6"}, True),
        ({"outcome": "retrained", "version": "7"}, None),
    ],
)
def test_whether_a_retraining_helped_is_for_its_challenger_to_show(result: Any, helped: bool | None) -> None:
    (found,) = retrainings([recorded(0, **result)], STATES)
    assert (found.helped, found.at, found.version) == (
        helped,
        START + timedelta(days=1),
        result.get("version"),
    )


def test_only_retrainings_that_have_ended_are_told_in_the_order_of_their_ends() -> None:
    found = retrainings(
        [recorded(0, days=9), recorded(1, "promote"), recorded(2, days=None), recorded(3)], STATES
    )
    assert [each.key for each in found] == ["key 3", "key 0"]


def test_useless_ones_are_counted_back_to_the_last_that_helped() -> None:
    no: Any = {"outcome": "did_not_help"}
    yes: Any = {"outcome": "retrained", "version": "3"}
    told = [no, yes, no, {"outcome": "refused"}, no]
    ended = retrainings([recorded(day, **each) for day, each in enumerate(told)], STATES)
    assert useless_in_a_row(ended) == 2
    assert useless_in_a_row(()) == 0
