from dataclasses import replace

from policies.incidents import Incident
from policies.verdict import Severity
from profiles.window import Window
from reports.incidents import in_order, incident_json, incidents_table, of_window
from tests.fakes import DAY, START
from tests.reports.test_status_tables import printed

SILENT = Incident(
    "shop.prices",
    "silent@1",
    "freshness",
    "silent",
    START,
    START + DAY,
    Severity.CRITICAL,
    "no rows for [37h]",
)
DRIFT = replace(
    SILENT, name="drift@1", objective="drift", kind="drift", severity=Severity.HIGH, began=START + DAY
)
OVER = replace(SILENT, name="silent@0", began=START - DAY, last=START, resolved="no longer silent")


def test_what_is_open_comes_first_and_of_that_what_is_urgent() -> None:
    newer = replace(OVER, name="silent@2", began=START)
    assert in_order([OVER, DRIFT, newer, SILENT]) == [SILENT, DRIFT, newer, OVER]


def test_a_row_says_what_is_wrong_or_why_it_is_over() -> None:
    rows = printed(incidents_table([SILENT, OVER])).splitlines()[3:]
    assert rows[0].split()[:5] == ["shop.prices", "2026-03-01", "critical", "freshness", "open"]
    assert rows[0].rstrip().endswith("no rows for [37h]")
    assert "over 2026-03-01  no longer silent" in rows[1]


def test_a_row_says_the_note_first_and_who_looks_after_it() -> None:
    noted = replace(SILENT, note="the provider knows (ann)", acknowledged_by="ann")
    same = replace(OVER, note=OVER.resolved)
    rows = printed(incidents_table([noted, same])).splitlines()[3:]
    assert rows[0].split()[4] == "acknowledged"
    assert rows[0].rstrip().endswith("the provider knows (ann); no rows for [37h]")
    assert rows[1].count("no longer silent") == 1


def test_a_window_belongs_to_the_incidents_that_reach_into_it() -> None:
    def names(day: int) -> list[str]:
        found = of_window([OVER, SILENT, DRIFT], Window(START + day * DAY, START + (day + 1) * DAY))
        return [each.name for each in found]

    assert names(-2) == []
    assert names(-1) == ["silent@0"]
    assert names(0) == ["silent@1"]
    assert names(1) == ["silent@1", "drift@1"]
    assert names(2) == []


def test_json_says_all_of_it() -> None:
    told = incident_json(replace(DRIFT, columns=("temp",)))
    assert (told["kind"], told["severity"], told["columns"]) == ("drift", "high", ["temp"])
    assert (told["began"], told["resolved"]) == ("2026-03-02T00:00:00+00:00", None)
