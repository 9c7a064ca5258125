"""A version that has to prove itself is said in few words."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from policies.gate import Answer, GateAnswer
from policies.release import Contest
from reports.contests import contest_said

AT = datetime(2026, 3, 1, tzinfo=UTC)
SHADOW = Contest("a.b", "7", "6", "shadow", AT, AT)
HOLD = GateAnswer(Answer.HOLD, "", 0.05)


@pytest.mark.parametrize(
    ("contest", "answer", "said"),
    [
        (SHADOW, HOLD, "version 7 in shadow: 1,204 labelled rows, undecided"),
        (
            SHADOW,
            replace(HOLD, expected_rows=600, expected_time=timedelta(days=5)),
            "version 7 in shadow: 1,204 labelled rows, about 600 more rows, 5d",
        ),
        (
            replace(SHADOW, stage="canary", weight=0.1),
            replace(HOLD, answer=Answer.ADVANCE),
            "version 7 as canary at 10%: 1,204 labelled rows, no worse",
        ),
        (
            replace(SHADOW, stage="bake"),
            replace(HOLD, answer=Answer.ABORT),
            "version 7 bakes: 1,204 labelled rows, worse",
        ),
    ],
)
def test_a_contest_is_said_in_few_words(contest: Contest, answer: GateAnswer, said: str) -> None:
    assert contest_said(contest, answer, 1204) == said
