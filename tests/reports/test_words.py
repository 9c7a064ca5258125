from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from policies.diagnosis import Cause, Diagnosis
from policies.verdict import ObjectiveVerdict, Severity, Status, Verdict, worst_status
from profiles.window import Window
from reports.words import (
    cause_word,
    caused_reason,
    counted,
    marked,
    moment,
    span,
    urgency,
    worst_first,
    worst_reason,
)

MAY = datetime(2026, 5, 1, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def objective(name: str, status: Status, severity: Severity | None = None) -> ObjectiveVerdict:
    return ObjectiveVerdict(name, status, f"{name} reason", severity)


def verdict(*objectives: ObjectiveVerdict) -> Verdict:
    return Verdict("a.b", Window(MAY, MAY + DAY), objectives[0].status, None, objectives)


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        (MAY, datetime(2026, 6, 1, tzinfo=UTC), "2026-05"),
        (MAY, MAY + DAY, "2026-05-01"),
        (MAY + 3 * DAY, MAY + 10 * DAY, "week of 2026-05-04"),
        (MAY + 13 * HOUR, MAY + 14 * HOUR, "2026-05-01 13:00-14:00"),
        (MAY + 23 * HOUR, MAY + DAY, "2026-05-01 23:00-00:00"),
        (MAY + 23 * HOUR, MAY + 25 * HOUR, "2026-05-01 23:00 to 2026-05-02 01:00"),
        (MAY, MAY + 2 * DAY, "2026-05-01 to 2026-05-03"),
        (MAY, datetime(2026, 8, 1, tzinfo=UTC), "2026-05-01 to 2026-08-01"),
    ],
)
def test_a_window_is_called_what_people_call_it(start: datetime, end: datetime, said: str) -> None:
    assert span(Window(start, end)) == said


def test_midnight_is_left_out_of_a_moment() -> None:
    assert (moment(MAY), moment(MAY + HOUR)) == ("2026-05-01", "2026-05-01 01:00")


def test_a_standing_says_in_words_what_its_colour_says() -> None:
    assert marked(objective("drift", Status.BREACHED, Severity.HIGH)) == "[red]breached high[/]"
    assert marked(objective("drift", Status.INCONCLUSIVE)) == "[cyan]blind[/]"
    assert len({marked(objective("drift", status)) for status in Status}) == len(Status)


def test_urgency_agrees_with_the_judge_on_which_status_speaks_for_several() -> None:
    for one, other in permutations(Status, 2):
        first = min(objective("a", one), objective("b", other), key=urgency)
        assert first.status == worst_status([one, other])


def test_of_equal_status_the_more_severe_comes_first_and_of_equals_the_outage() -> None:
    low, high = (objective("drift", Status.BREACHED, s) for s in (Severity.LOW, Severity.HIGH))
    critical = objective("freshness", Status.BREACHED, Severity.CRITICAL)
    score = objective("performance", Status.BREACHED, Severity.HIGH)
    assert worst_first([low, high, score, critical]) == [critical, high, score, low]


def test_the_worst_reason_is_that_of_the_most_urgent_objective_and_empty_when_all_is_met() -> None:
    met, risky = objective("volume", Status.MET), objective("drift", Status.AT_RISK, Severity.LOW)
    assert worst_reason(verdict(met, risky)) == "drift reason"
    assert worst_reason(verdict(met)) == ""


@pytest.mark.parametrize(("number", "said"), [(0, "0 faults"), (1, "1 fault"), (2000, "2,000 faults")])
def test_a_count_agrees_with_its_noun(number: int, said: str) -> None:
    assert counted(number, "fault") == said


@pytest.mark.parametrize(
    ("cause", "said"),
    [
        (None, "drift reason"),
        (Cause.NONE, "drift reason"),
        (Cause.CONCEPT_DRIFT, "concept drift: drift reason"),
        (Cause.BOTH, "data and concept drift: drift reason"),
        (Cause.PIPELINE, "broken pipeline: drift reason"),
    ],
)
def test_a_reason_comes_after_its_cause_where_there_is_one(cause: Cause | None, said: str) -> None:
    diagnosis = None if cause is None else Diagnosis(cause, "so it is")
    judged = replace(verdict(objective("drift", Status.BREACHED)), diagnosis=diagnosis)
    assert caused_reason(judged) == said
    assert (cause_word(judged) is None) == (cause in {None, Cause.NONE})


def test_a_window_that_is_met_has_no_reason_to_explain() -> None:
    judged = replace(verdict(objective("drift", Status.MET)), diagnosis=Diagnosis(Cause.UNCLEAR, "so it is"))
    assert caused_reason(judged) == ""
