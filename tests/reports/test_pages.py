"""Pages are complete, readable without colours, free of anything from outside, and proof against names."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import pytest

from policies.incidents import Incident
from policies.verdict import (
    Finding,
    ObjectiveVerdict,
    Severity,
    Status,
    Verdict,
    worst_severity,
    worst_status,
)
from profiles.reading import (
    Arrivals,
    BaselineRef,
    ColumnComparison,
    Comparison,
    Distances,
    Labels,
    Reading,
    Score,
)
from profiles.window import Window
from registry.records import Assignment, Judged, RecordedPolicy, Transition
from reports.pages import ModelSeen, fleet_page, model_page
from reports.status import Standing
from reports.strips import drifts, missing
from tests.fakes import DAY, START, policy

HOSTILE = "</style><script>alert('x')</script>\"><img src=http://evil.example/x.png onerror=alert(1)>"
# What an element may hold without an end tag.
_VOID = {"meta", "br", "hr", "img", "link", "input"}


class Page(HTMLParser):
    """A page's elements and text; a wrongly nested one is an error."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in _VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] != "style":
            self.text += f" {data.strip()}"

    def all(self, tag: str, **wanted: str) -> list[dict[str, str | None]]:
        return [a for name, a in self.elements if name == tag and wanted.items() <= a.items()]


def compared(name: str, psi: float, lacking: float = 0.0) -> ColumnComparison:
    return ColumnComparison(
        name, "number", "number", 240, 240, lacking, 0.0, Distances(psi=psi), Distances(psi=0.05)
    )


def found(column: str, status: Status, suppressed_by: str | None = None) -> Finding:
    severity = Severity.HIGH if status is Status.BREACHED else Severity.LOW
    return Finding(
        "drift", f"{column} moved: psi 0.4", status, severity, 0.4, 0.25, 240, column, None, suppressed_by
    )


def window(
    day: int, *objectives: ObjectiveVerdict, columns: Sequence[ColumnComparison] = (), **how: Any
) -> Judged:
    span = Window(START + day * DAY, START + (day + 1) * DAY)
    facts: dict[str, Any] = {
        "arrivals": Arrivals(240, span.start, span.end, timedelta(minutes=9), span.start),
        "baseline": BaselineRef("default", f"sha256:{7:064x}", 9000, 240 / 86400, {"mae": 1.0}),
        "comparison": Comparison(240, 9000, tuple(columns)) if columns else None,
        "labels": Labels(240, 1.0, mature=True),
        "scores": {"mae": Score(1.02, 240)},
        **how,
    }
    judgement = Verdict(
        "shop.prices", span, worst_status(o.status for o in objectives),
        worst_severity(o.severity for o in objectives), objectives,
    )  # fmt: skip
    return Judged(Reading("shop.prices", span, "3", **facts), judgement, f"sha256:{5:064x}", 1, span.end)


MET = ObjectiveVerdict("volume", Status.MET, "all the rows came")
SILENT = ObjectiveVerdict(
    "freshness", Status.BREACHED, "no rows for 8h", Severity.CRITICAL,
    (Finding("silent", "no rows for 8h", Status.BREACHED, Severity.CRITICAL, 8, 6, 100),),
)  # fmt: skip
BLIND = ObjectiveVerdict("drift", Status.INCONCLUSIVE, "blind: 43 rows, needs 80")
WORSE = ObjectiveVerdict("performance", Status.BREACHED, "mae 1.4", Severity.HIGH)


def drifted(*findings: Finding) -> ObjectiveVerdict:
    return ObjectiveVerdict(
        "drift", worst_status(f.status for f in findings), "moved", Severity.HIGH, findings
    )


def days(name: str = "x") -> tuple[Judged, ...]:
    """Five days: well, drifted, silent, worse with labels to come, blind."""
    quiet, far = compared(name, 0.01), compared(name, 0.4)
    eight = Arrivals(100, START, START + DAY, timedelta(hours=8), START + 2 * DAY + timedelta(hours=3))
    early = {"labels": Labels(100, 0.5, mature=False), "scores": {"mae": Score(1.4, 100)}}
    return (
        window(0, MET, columns=[quiet, compared("calm", 0.0)]),
        window(1, MET, drifted(found(name, Status.BREACHED)), columns=[far, compared("calm", 0.06)]),
        window(2, SILENT, drifted(found(name, Status.BREACHED, "silent")), columns=[far], arrivals=eight),
        window(3, MET, WORSE, columns=[compared(name, 0.02, lacking=0.2)], **early),
        window(4, BLIND, labels=None, scores={}, arrivals=Arrivals(43, None, None, DAY, START)),
    )


def seen(judged: tuple[Judged, ...] | None = None, **changes: Any) -> ModelSeen:
    now = Assignment("shop.prices", 2, "3", "2")
    before = Assignment("shop.prices", 1, "2")
    made = ModelSeen(
        "shop.prices",
        RecordedPolicy(f"sha256:{5:064x}", policy(), "", START),
        now,
        days() if judged is None else judged,
        (
            Transition(
                "shop.prices", 2, START + DAY, "k", "promoted", "ann", "person", "it is better", before, now
            ),
        ),
        (
            Incident(
                "shop.prices", "silent-1", "freshness", "silent", START + 2 * DAY, START + 2 * DAY,
                Severity.CRITICAL, "no rows for 8h",
            ),
        ),
    )  # fmt: skip
    return replace(made, **changes)


def fleet(*standings: Standing) -> str:
    return fleet_page(standings, {s.model: days() for s in standings if s.judged}, {})


@pytest.fixture(scope="module")
def page() -> str:
    return model_page(seen())


def test_a_models_page_has_every_part_in_words(page: str) -> None:
    read = Page(page)
    ids = [a["id"] for a in read.all("section") if a.get("id")]
    assert ids == [
        "incidents", "windows", "drift", "missing", "volume", "findings", "transitions", "policy"
    ]  # fmt: skip
    for said in (
        "shop.prices",
        "blind in 2026-03-05: blind: 43 rows, needs 80",
        "Version 3 serves since 2026-03-02 UTC.",
        "silent, critical since 2026-03-03: no rows for 8h",
        "5 windows, 2026-03-01 to 2026-03-05: 3 breached, 1 blind, 1 met",
        "mae 1.4 in 2026-03-04; baseline 1; limit 1.1; 1 window beyond the limit; hollow points may still",
        "1 significant, 1 explained",
        "1 many",
        "2026-03-03: silent for 8h from 2026-03-03 03:00",
        "863 rows in 5 windows, from 43 to 240 in one; 1 window with too few rows or a silence; 240 expected",
        "freshness breached critical: no rows for 8h",
        "promoted",
        "version 2",
        "ann (person)",
        "at most 10 % worse than the baseline",
    ):
        assert re.sub(r"\s+", " ", said) in re.sub(r"\s+", " ", read.text), said


def test_every_strip_and_picture_is_described_to_who_cannot_see_it(page: str) -> None:
    read = Page(page)
    strips = read.all("span", role="img") + read.all("svg", role="img")
    assert len(strips) >= 6
    assert all(each["aria-label"] for each in strips)
    cells = [a for tag, a in read.elements if tag == "i" and "title" in a]
    assert len(cells) == 5 * (1 + 2 + 1), "five windows: one strip of status, two of drift, one of missing"
    assert "2026-03-02 breached high: moved" in {a["title"] for a in cells}
    words = {word for a in read.all("i") if (word := a["class"])}
    style = page.split("<style>")[1].split("</style>", maxsplit=1)[0]
    assert all(re.search(rf"i\.{kind}\b", style) for kind in words), "no cell is invisible"


@pytest.mark.parametrize("text", [model_page(seen()), fleet(Standing("a.b", "a", "3", days()[-1]))])
def test_a_page_needs_nothing_from_outside_and_no_script(text: str) -> None:
    read = Page(text)
    assert not re.search(r"(https?:)?//[a-z]|@import|<script|javascript:|\bdata:", text, re.IGNORECASE)
    for tag, attributes in read.elements:
        assert tag not in {"script", "link", "img", "iframe", "object"}
        for name in ("src", "href"):
            assert (attributes.get(name) or "#").startswith("#"), (tag, attributes)
        assert not any(name.startswith("on") for name in attributes)
    (rule,) = read.all("meta", **{"http-equiv": "Content-Security-Policy"})
    assert rule["content"] == "default-src 'none'; style-src 'unsafe-inline'"


def test_ids_on_a_page_are_unique(page: str) -> None:
    ids = [a["id"] for _, a in Page(page).elements if a.get("id")]
    assert len(ids) == len(set(ids))
    for each in re.findall(r'(?:href="|url\()#([^")]+)', page):
        assert each in ids


def test_names_and_sentences_of_others_are_text_and_nothing_else() -> None:
    transitions = tuple(replace(each, actor=HOSTILE, reason=HOSTILE) for each in seen().transitions)
    incidents = tuple(replace(each, sentence=HOSTILE, kind=HOSTILE) for each in seen().incidents)
    owned = RecordedPolicy("sha256:0", policy(owners=(HOSTILE,)), HOSTILE, START)
    made = seen(days(HOSTILE), model=HOSTILE, transitions=transitions, incidents=incidents, policy=owned)
    plain = Page(model_page(seen()))
    read = Page(model_page(made))
    assert [tag for tag, _ in read.elements] == [tag for tag, _ in plain.elements]
    assert read.text.count("evil.example") >= 6
    listed = Page(fleet(Standing(HOSTILE, HOSTILE, HOSTILE, days(HOSTILE)[1], HOSTILE)))
    assert not listed.all("img")
    assert not listed.all("script")


def test_the_same_ledger_gives_the_same_page(page: str) -> None:
    assert model_page(seen()) == page


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"judged": ()}, "No window has been judged yet."),
        ({"assignment": None, "transitions": ()}, "Nobody is known to serve."),
        ({"policy": None}, "2026-03-01"),
        ({"judged": days()[:1]}, "1 window, 2026-03-01 to 2026-03-01: 1 met"),
        ({"judged": days()[4:]}, "No window could be compared with a baseline."),
        ({"judged": (window(0, MET, scores={}),)}, "No labels came yet."),
        ({"assignment": Assignment("shop.prices", 1, "3", frozen_by="ann")}, "promotion is frozen by ann"),
        (
            {"assignment": Assignment("shop.prices", 1, "3", None, "4", "canary", 0.1)},
            "version 4 contends as canary (10% of requests)",
        ),
    ],
)
def test_a_page_says_what_it_lacks(changes: dict[str, Any], said: str) -> None:
    assert said in Page(model_page(seen(**changes))).text


def test_the_most_moved_column_comes_first_and_others_are_folded_away() -> None:
    many = [compared(f"c{number:02}", 0.0) for number in range(30)]
    judged = (window(0, drifted(found("c29", Status.AT_RISK)), columns=many),)
    assert [strip.name for strip in drifts(judged, policy())][:2] == ["c29", "c00"]
    assert "10 more columns, which moved less" in Page(model_page(seen(judged))).text


@pytest.mark.parametrize(
    ("share", "kind"), [(0.0, None), (0.001, "few"), (0.01, "some"), (0.1, "many"), (0.5, "most")]
)
def test_missing_shares_are_graded(share: float, kind: str | None) -> None:
    strips = missing((window(0, MET, columns=[compared("x", 0.0, lacking=share)]),))
    assert [cell.kind for strip in strips for cell in strip.cells] == ([] if kind is None else [kind])


def test_the_fleets_page_has_the_most_urgent_model_first_and_links_to_the_pages_there_are() -> None:
    well, silent = days()[0], days()[2]
    text = fleet_page(
        [
            Standing("shop.a", "shop", "1", well),
            Standing("shop.b", "shop", "2", silent),
            Standing("shop.new", "shop", None, None, "no policy names it now"),
        ],
        {"shop.a": days()[:1], "shop.b": days()},
        {"shop.b": "shop.b.html"},
    )
    read = Page(text)
    assert text.index("shop.b") < text.index("shop.a") < text.index("shop.new")
    assert [a["href"] for a in read.all("a")] == ["shop.b.html"]
    for said in ("3 models: 1 breached, 1 met, 1 never watched", "no rows for 8h", "version 2", "nobody"):
        assert said in read.text
    assert "no policy names it now; not watched yet" in read.text


def test_an_empty_fleet_says_how_to_go_on() -> None:
    assert "muster policy check" in Page(fleet_page([], {}, {})).text
