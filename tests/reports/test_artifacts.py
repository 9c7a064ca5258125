"""What a watch run leaves on Prefect's pages."""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from policies.verdict import Finding, ObjectiveVerdict, Severity, Status, Verdict
from registry.records import Judged
from reports.artifacts import change_note, changed, key_of, plain, run_table

Make = Callable[..., Judged]
MET = ObjectiveVerdict("volume", Status.MET, "all the rows came")
LATE = ObjectiveVerdict("freshness", Status.BREACHED, "no rows for 8h", Severity.CRITICAL)
BLIND = ObjectiveVerdict("drift", Status.INCONCLUSIVE, "blind: 43 rows, needs 80")


@pytest.fixture
def verdict(judged: Make) -> Callable[..., Verdict]:
    return lambda *objectives, model="shop.prices": judged(*objectives, model=model).verdict


def test_a_runs_table_has_the_most_urgent_model_first(verdict: Callable[..., Verdict]) -> None:
    rows = run_table([verdict(MET), verdict(BLIND, model="shop.b"), verdict(LATE, MET, model="shop.c")])
    assert [row["model"] for row in rows] == ["shop.c", "shop.b", "shop.prices"]
    assert rows[0] == {
        "model": "shop.c",
        "verdict": "breached critical",
        "worst reason": "no rows for 8h",
        "window": "2026-03-01",
    }


def test_a_table_stays_small_whatever_the_fleet(verdict: Callable[..., Verdict]) -> None:
    long = ObjectiveVerdict("drift", Status.BREACHED, "x" * 10_000, Severity.LOW)
    rows = run_table([verdict(long, model=f"shop.m{number:04}") for number in range(1000)])
    assert len(str(rows).encode()) < 100_000
    assert rows[-1]["model"] == "and 750 more"


@pytest.mark.parametrize(
    ("before", "after", "is_change"),
    [
        (None, None, False),
        (None, MET, False),
        (None, LATE, True),
        (MET, MET, False),
        (MET, LATE, True),
        (LATE, MET, True),
        (LATE, replace(LATE, severity=Severity.HIGH), True),
        (LATE, replace(LATE, reason="no rows for 9h"), False),
        (MET, BLIND, True),
    ],
)
def test_only_another_standing_is_a_change(
    verdict: Callable[..., Verdict],
    before: ObjectiveVerdict | None,
    after: ObjectiveVerdict | None,
    is_change: bool,
) -> None:
    old, new = (None if each is None else verdict(each) for each in (before, after))
    assert changed(old, new) is is_change


def test_a_note_tells_what_is_not_met_and_what_to_type(verdict: Callable[..., Verdict]) -> None:
    note = change_note(verdict(MET), verdict(MET, LATE, BLIND))
    assert note.splitlines()[0] == "# shop.prices: breached critical"
    assert "met before" in note
    assert note.index("## freshness: breached critical") < note.index("## drift: blind")
    assert "Met: volume." in note
    assert note.endswith("`muster why shop.prices 2026-03-01T00:00`")


def test_a_note_leaves_out_findings_that_are_explained_and_says_how_many_there_are(
    verdict: Callable[..., Verdict], finding: Callable[..., Finding]
) -> None:
    findings = (*(finding(f"c{n}") for n in range(25)), finding("silent", suppressed_by="missing"))
    note = change_note(None, verdict(ObjectiveVerdict("drift", Status.BREACHED, "many", None, findings)))
    assert note.count(" moved") == 20
    assert "5 findings more" in note
    assert "silent" not in note


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "[click](https://evil.example)",
        "![x](http://evil.example/x.png)",
        "https://evil.example",
        "www.evil.example",
        "mail@evil.example",
        "**bold** `code` # head",
        "two\n\n# lines",
        "| a | b |",
    ],
)
def test_a_name_in_a_note_is_neither_markup_nor_link(
    verdict: Callable[..., Verdict], finding: Callable[..., Finding], hostile: str
) -> None:
    bad = ObjectiveVerdict("drift", Status.BREACHED, "r", None, (finding(hostile),))
    note = change_note(None, verdict(bad, model=hostile))
    for line in (line for line in note.splitlines() if not line.startswith("All of it")):
        assert not re.search(r"<|(?<!\\)[\[\]|`*]|://|www\.|\w@\w", line), line
    assert sum(line.startswith("#") for line in note.splitlines()) == 2


def test_plain_text_stays_as_it_is() -> None:
    assert plain("temp moved: psi 2.35, at 10:30; 742 rows (low)") == (
        "temp moved: psi 2.35, at 10:30; 742 rows (low)"
    )


def test_a_note_stays_small_whatever_the_names(
    verdict: Callable[..., Verdict], finding: Callable[..., Finding]
) -> None:
    findings = tuple(finding(f"{n}" * 20_000) for n in range(20))
    note = change_note(None, verdict(ObjectiveVerdict("drift", Status.BREACHED, "r", None, findings)))
    assert len(note.encode()) < 100_000
    assert note.endswith("(cut)")


def test_keys_are_what_prefect_takes_and_different_for_different_names() -> None:
    names = ["pricing.bike", "pricing-bike", "pricing.bike_", "Pricing.bike", "ö.ä", "x" * 500, "x" * 501]
    keys = [key_of("verdict", name) for name in names]
    assert len(set(keys)) == len(names)
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", key) and len(key) < 100 for key in keys)
    assert key_of("run", "watch-pricing-1h") == "run-watch-pricing-1h"
