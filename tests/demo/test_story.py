"""The table and the sentences are made from the facts of a ledger and from nothing else."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from rich.console import Console

from demo.story import Chapter, fleet_table, sentences
from policies.diagnosis import Cause, Diagnosis
from policies.incidents import Incident
from policies.verdict import Finding, ObjectiveVerdict, Severity, Status, Verdict
from profiles.reading import Arrivals, Reading
from profiles.window import Window
from registry.records import Judged

DAY = timedelta(days=1)
START = datetime(2025, 10, 1, tzinfo=UTC)
NOON = START + timedelta(hours=14)


def incident(kind: str = "silent", **what: object) -> Incident:
    made = Incident(
        model="pricing.bike",
        name=f"{kind}@then",
        objective="freshness",
        kind=kind,
        began=START,
        last=START,
        severity=Severity.CRITICAL,
        sentence="no rows",
    )
    return replace(made, **what)  # type: ignore[arg-type]


def window(number: int, status: Status = Status.MET, suppressed: tuple[str, ...] = ()) -> Judged:
    span = Window(START + number * DAY, START + (number + 1) * DAY)
    arrivals = Arrivals(
        rows=9, first=None, last=None, longest_silence=timedelta(hours=8), silence_began=NOON + number * DAY
    )
    findings = tuple(
        Finding("drift", "moved", Status.BREACHED, Severity.HIGH, 1.0, 0.1, 9, column="x", suppressed_by=by)
        for by in suppressed
    )
    drift = ObjectiveVerdict("drift", status, "", findings=findings)
    return Judged(
        reading=Reading("pricing.bike", span, "1", arrivals),
        verdict=Verdict("pricing.bike", span, status, None, (drift,)),
        policy_digest="",
        revision=1,
        recorded_at=span.end,
    )


def chapter(*incidents: Incident, model: str = "pricing.bike", windows: tuple[Judged, ...] = ()) -> Chapter:
    opened = {each.name: each.began + timedelta(hours=14, minutes=5) for each in incidents}
    return Chapter(model, "1", windows or (window(0),), incidents, opened)


def shown(*chapters: Chapter) -> list[str]:
    console = Console(width=150, file=StringIO())
    console.print(fleet_table(chapters))
    assert isinstance(console.file, StringIO)
    return console.file.getvalue().splitlines()[3:]


def test_a_silence_is_told_with_its_hour_its_page_and_what_it_explains() -> None:
    explained = (
        window(0, suppressed=("silent",) * 6 + ("all_null of y",)),
        window(1, suppressed=("silent",)),
    )
    (told,) = sentences([chapter(incident(), windows=explained)])
    assert told == (
        "pricing.bike lost its feed at 2025-10-01 14:00, critical at 2025-10-01 14:05, "
        "6 drift findings suppressed because of it."
    )


def test_what_a_broken_input_does_to_the_answers_counts_as_explained_too() -> None:
    unit = incident("unit_changed", severity=Severity.HIGH, columns=("x",))
    windows = (window(0, suppressed=("unit_changed", "unit_changed of x")),)
    (told,) = sentences([chapter(unit, windows=windows)])
    assert told == (
        "pricing.bike got x in another unit from 2025-10-01 on, high at 2025-10-01 14:05, "
        "2 drift findings suppressed because of it."
    )


def test_without_consequences_none_are_told() -> None:
    assert sentences([chapter(incident())]) == [
        "pricing.bike lost its feed at 2025-10-01 14:00, critical at 2025-10-01 14:05."
    ]


def test_the_gravest_come_first_one_of_a_kind_and_the_newest_of_it() -> None:
    later = chapter(incident(name="later", began=START + DAY), model="search.b", windows=(window(1),))
    null = chapter(incident("all_null", severity=Severity.HIGH, columns=("x",)), model="search.c")
    told = sentences([null, chapter(incident()), later])
    assert [sentence.split()[0] for sentence in told] == ["search.b", "search.c"]


@pytest.mark.parametrize("kind", ["drift", "performance", "quality"])
def test_what_is_no_outage_is_no_sentence(kind: str) -> None:
    assert sentences([chapter(incident(kind))]) == []


def test_at_most_three_sentences_are_told() -> None:
    kinds = ("silent", "all_null", "labels_stopped", "duplicated_batch")
    assert len(sentences([chapter(*(incident(kind) for kind in kinds))])) == 3


def test_a_row_counts_breached_and_blind_windows() -> None:
    windows = tuple(
        window(number, status)
        for number, status in enumerate((Status.MET, Status.BREACHED, Status.BREACHED, Status.INCONCLUSIVE))
    )
    (row,) = shown(chapter(windows=windows))
    assert row.split() == ["pricing.bike", "version", "1", "4", "2", "1", "wait", "for", "more", "rows"]


def test_a_model_that_is_well_asks_for_nothing() -> None:
    (row,) = shown(chapter())
    assert row.split()[-1] == "nothing"


def test_the_cause_is_what_is_still_open_and_says_what_to_do() -> None:
    over = incident(resolved="it is over")
    still = incident("performance", severity=Severity.HIGH, began=START + DAY)
    (row,) = shown(chapter(over, still))
    assert "score beyond its limit since 2025-10-02" in row
    assert row.strip().endswith("retrain on recent rows")


def test_a_drift_is_named_by_its_newest_diagnosis_and_an_outage_by_itself() -> None:
    def caused(number: int, cause: Cause) -> Judged:
        judged = window(number, Status.BREACHED)
        return replace(judged, verdict=replace(judged.verdict, diagnosis=Diagnosis(cause, "so it is")))

    windows = (caused(0, Cause.DATA_DRIFT), caused(1, Cause.BOTH), caused(2, Cause.OUTAGE))
    drift = incident("drift", severity=Severity.HIGH, last=START + 2 * DAY)
    assert (
        "data and concept drift: inputs moved since 2025-10-01" in shown(chapter(drift, windows=windows))[0]
    )
    silent = incident(last=START + 2 * DAY)
    assert "  feed silent since 2025-10-01" in shown(chapter(silent, windows=windows))[0]


def test_a_page_that_is_over_is_still_a_question_and_other_outages_are_not() -> None:
    (row,) = shown(chapter(incident(resolved="it is over")))
    assert "feed silent, 2025-10-01, over" in row
    assert row.strip().endswith("ask its owners what happened")
    null = incident("all_null", severity=Severity.HIGH, columns=("x",), resolved="it is over")
    (row,) = shown(chapter(null))
    assert "x: all null, 2025-10-01, over" in row
    assert row.strip().endswith("nothing now")


def test_a_model_that_nobody_serves_is_shown_so() -> None:
    (row,) = shown(replace(chapter(), serves=None))
    assert "nobody" in row
