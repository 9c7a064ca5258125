from collections.abc import Callable
from dataclasses import replace
from typing import Any

from rich.console import Console

from policies.diagnosis import Cause, Diagnosis, Explaining
from policies.objectives.wording import listed
from policies.verdict import Finding, ObjectiveVerdict, Severity, Status
from profiles.reading import Estimate, Score
from registry.recompute import Recomputed
from registry.records import Judged
from reports.why import why_text
from tests.fakes import policy
from tests.reports.conftest import Make

SAME = Recomputed(verdict_agrees=True, comparison_agrees=True, note="The comparison is the same too.")
MET = ObjectiveVerdict("volume", Status.MET, "enough rows")
SILENT = ObjectiveVerdict("freshness", Status.BREACHED, "no rows for 37h", Severity.CRITICAL)
BLIND = ObjectiveVerdict("performance", Status.INCONCLUSIVE, "blind: 43 rows, needs 80")


def told(judged: Judged, recomputed: Recomputed = SAME, **changes: Any) -> str:
    console = Console(width=120, highlight=False)
    with console.capture() as captured:
        console.print(why_text(judged, policy(**changes), recomputed))
    return captured.get()


def drift(*findings: Finding, remark: str = "") -> ObjectiveVerdict:
    reason = listed([f.sentence for f in findings if f.suppressed_by is None]) + remark
    return ObjectiveVerdict("drift", Status.BREACHED, reason, Severity.LOW, findings)


def test_the_worst_comes_first_and_what_is_met_or_blind_in_a_line_each(
    judged: Make, finding: Callable[..., Finding]
) -> None:
    text = told(judged(MET, drift(finding("x")), BLIND, SILENT))
    assert text.startswith("shop.prices, 2026-03-01: breached critical\n\nfreshness: breached critical\n")
    assert text.index("freshness") < text.index("drift") < text.index("performance") < text.index("volume")
    assert "blind: 43 rows, needs 80" in text
    assert "blind: blind" not in text


def test_each_finding_is_a_line_and_the_reason_is_not_repeated(
    judged: Make, finding: Callable[..., Finding]
) -> None:
    text = told(judged(drift(finding("x"), finding("y"), remark="; 3 windows in a row")))
    assert text.count("x moved") == text.count("y moved") == 1
    assert text.count("breached low  ") == 2
    assert "  3 windows in a row" in [line.rstrip() for line in text.splitlines()]


def test_a_reason_that_is_not_made_of_the_findings_is_told_in_full(
    judged: Make, finding: Callable[..., Finding]
) -> None:
    objective = replace(drift(finding("x")), reason="something else")
    assert "something else" in told(judged(objective))


def test_a_finding_that_another_explains_says_which(judged: Make, finding: Callable[..., Finding]) -> None:
    text = told(judged(drift(finding("x"), finding("y", suppressed_by="missing"))))
    assert "explained by missing  y moved" in text


def test_very_many_findings_are_cut_and_counted(judged: Make, finding: Callable[..., Finding]) -> None:
    text = told(judged(drift(*(finding(f"c{number:02}") for number in range(20)))))
    assert "c11 moved" in text
    assert "c12 moved" not in text
    assert "and 8 more; `--json` has all of them" in text


def test_the_facts_say_what_the_verdict_rests_on(judged: Make) -> None:
    text = told(judged(MET))
    for said in (
        "1,234 from 2026-03-01 to 2026-03-02 UTC",
        "1,200 (97% of the rows), more may come",
        "mae 45.68 so far",
        "version 3",
        "default, 9,000 rows, sha256:000000000000",
        "shop@example.com",
        "2026-03-03 UTC, reading 2 of this window",
    ):
        assert said in text


def test_what_is_not_there_is_said_and_not_left_out(judged: Make) -> None:
    bare = judged(MET, baseline=None, labels=None, scores={}, fault="no such folder")
    text = told(bare, labels=None, owners=())
    for said in ("not read", "the policy names none", "none", "team shop"):
        assert said in text


def test_columns_with_brackets_are_no_markup(judged: Make, finding: Callable[..., Finding]) -> None:
    assert "x[0] moved" in told(judged(drift(finding("x[0]"), finding("[red]"))))


def test_another_verdict_on_recomputing_is_said_plainly(judged: Make) -> None:
    changed = Recomputed(verdict_agrees=False, comparison_agrees=None, note="met -> breached.")
    assert "another verdict. met -> breached." in told(judged(MET), changed)


def test_the_cause_stands_on_top_with_the_columns_and_estimates_are_graded(judged: Make) -> None:
    found = judged(SILENT)
    cause = Diagnosis(
        Cause.DATA_DRIFT,
        "the inputs moved",
        columns=(Explaining("temp", 0.3, 0.8), Explaining("hum", 0.2, 0.1)),
    )
    reading = replace(
        found.reading, estimates={"mae": Estimate(1.25, 240, "strata")}, scores={"mae": Score(1.5, 240)}
    )
    told_of = told(replace(found, verdict=replace(found.verdict, diagnosis=cause), reading=reading))
    assert "\ncause: data drift: the inputs moved\n" in "\n".join(
        line.rstrip() for line in told_of.splitlines()
    )
    assert "columns, by importance and movement: temp, hum" in told_of
    assert "mae 1.25 by strata, 0.25 off" in told_of
    assert "cause:" not in told(judged(SILENT))
