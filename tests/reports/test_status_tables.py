from typing import Any

from rich.console import Console

from policies.verdict import ObjectiveVerdict, Severity, Status
from registry.records import Judged
from reports.status import Standing, fleet_summary, fleet_table, scores_text, windows_table
from tests.reports.conftest import Make

MET = ObjectiveVerdict("drift", Status.MET, "no drift")
SILENT = ObjectiveVerdict("freshness", Status.BREACHED, "no rows for 37h", Severity.CRITICAL)
SLOW = ObjectiveVerdict("performance", Status.AT_RISK, "mae is near", Severity.LOW)


def printed(renderable: Any, width: int = 160) -> str:
    console = Console(width=width, highlight=False)
    with console.capture() as captured:
        console.print(renderable)
    return captured.get()


def standing(
    model: str, judged: Judged | None, note: str | None = None, serves: str | None = "3"
) -> Standing:
    return Standing(model, model.split(".", maxsplit=1)[0], serves, judged, note)


def test_the_fleet_is_sorted_by_urgency_and_counted(judged: Make) -> None:
    fleet = [
        standing("a.never", None),
        standing("b.well", judged(MET)),
        standing("c.risky", judged(MET, SLOW)),
        standing("d.silent", judged(MET, SILENT)),
    ]
    text = printed(fleet_table(fleet))
    assert [line.split()[0] for line in text.splitlines()[3:]] == ["d.silent", "c.risky", "b.well", "a.never"]
    assert fleet_summary(fleet) == "4 models: 1 breached, 1 at risk, 1 met, 1 never watched"


def test_objectives_that_the_policy_switched_off_are_off(judged: Make) -> None:
    row = printed(fleet_table([standing("a.b", judged(MET))])).splitlines()[-1]
    assert row.split()[4:] == ["off", "off", "off", "met", "off"]


def test_a_narrow_table_lists_what_is_not_met_with_the_worst_first(judged: Make) -> None:
    text = printed(fleet_table([standing("a.b", judged(SLOW, MET, SILENT))]), 100)
    assert text.index("freshness breached critical") < text.index("performance at risk low")
    assert "drift" not in text
    assert "all met" in printed(fleet_table([standing("a.b", judged(MET))]), 100)
    assert "nothing judged" in printed(fleet_table([standing("a.b", judged())]), 100)


def test_a_note_goes_before_the_reason(judged: Make) -> None:
    text = printed(fleet_table([standing("a.b", judged(SILENT), "no policy names it now", serves=None)]))
    assert "nobody" in text
    assert "no policy names it now; no rows for 37h" in text


def test_a_model_that_was_never_watched_says_so() -> None:
    assert "never" in (text := printed(fleet_table([standing("a.b", None, serves=None)])))
    assert "not watched yet" in text


def test_a_long_name_and_a_long_reason_stay_within_the_width(judged: Make) -> None:
    reason = ObjectiveVerdict("drift", Status.BREACHED, "moved " * 90, Severity.HIGH)
    for width in (80, 100, 150):
        text = printed(fleet_table([standing(f"team.{'x' * 115}", judged(reason))]), width)
        assert max(map(len, text.splitlines())) <= width
        assert "…" in text


def test_names_with_brackets_are_no_markup(judged: Make) -> None:
    assert "a.[b]" in printed(windows_table("a.[b]", [judged(MET)]))


def test_scores_that_may_still_change_are_marked(judged: Make) -> None:
    assert scores_text(judged(MET).reading) == "mae 45.68 so far"
    assert scores_text(judged(MET, labels=None).reading) == "mae 45.68"
    assert scores_text(judged(MET, scores={}).reading) == ""


def test_windows_are_shown_in_the_given_order_with_rows_and_score(judged: Make) -> None:
    text = printed(windows_table("shop.prices", [judged(MET), judged(SILENT)]))
    rows = text.splitlines()[3:]
    assert "1,234" in rows[0]
    assert "mae 45.68" in rows[0]
    assert "no rows for 37h" in rows[1]
