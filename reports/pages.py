"""Self-contained HTML pages: one model, or the fleet. Ledger values in, text out.

A page needs no script, no network and no colour to be read: everything that a colour says is also there
in words. Names of columns and models are other people's data and are always escaped.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from policies.incidents import Incident
from policies.objectives.wording import listed
from policies.verdict import Status
from registry.records import Assignment, Judged, RecordedPolicy, Transition
from reports import budgets, measured, promised
from reports.incidents import news_of
from reports.status import Standing, fleet_summary, most_urgent_first, said_of
from reports.strips import Strip, drifts, missing, span_of, statuses, tally, windows_said
from reports.words import moment, span, standing, status_word, worst_first, worst_reason

_COLUMNS = 20  # columns that a strip is shown for at once
_FOUND = 8  # windows whose findings are told
_SENTENCES = 8  # findings that are told of one objective
_ORDER = (Status.BREACHED, Status.ERRORED, Status.AT_RISK, Status.INCONCLUSIVE, Status.MET)
KINDS = tuple((status.value, status_word(status)) for status in reversed(_ORDER))


@dataclass(frozen=True)
class ModelSeen:
    """All that a model's page tells; `judged` are the windows to show, oldest first."""

    model: str
    policy: RecordedPolicy | None
    assignment: Assignment | None
    judged: tuple[Judged, ...]
    transitions: tuple[Transition, ...] = ()
    incidents: tuple[Incident, ...] = ()


def model_page(seen: ModelSeen) -> str:
    """Return the page of one model."""
    judged, policy = seen.judged, seen.policy.policy if seen.policy else None
    newest = judged[-1] if judged else None
    return _render(
        "model.html",
        model=seen.model,
        newest=None if newest is None else _stand(newest),
        serves=_serves(seen),
        incidents=[
            {
                "kind": each.kind.replace("_", " "),
                "severity": each.severity.value,
                "began": moment(each.began),
                "sentence": news_of(each),
            }
            for each in seen.incidents
            if each.resolved is None
        ],
        span_said=windows_said(judged),
        ends=span_of(judged),
        status=statuses(judged),
        scores=measured.scores(judged, policy),
        no_score=measured.no_score(newest, policy),
        drifts=drifts(judged, policy),
        missing=missing(judged),
        shown=_COLUMNS,
        volume=measured.volume(judged) if judged else "",
        volume_said=measured.volume_said(judged),
        silences=measured.silences(judged),
        budgets=budgets.budgets(judged),
        **_findings(judged),
        transitions=[_transition(each) for each in reversed(seen.transitions)],
        promises=promised.in_short(seen.policy) if seen.policy else (),
        as_of=_as_of([each.recorded_at for each in judged], seen.policy),
    )


def fleet_page(
    standings: Sequence[Standing], recent: Mapping[str, Sequence[Judged]], pages: Mapping[str, str]
) -> str:
    """Return the page of the fleet, the most urgent model first.

    `recent` has the windows to show of each model, oldest first; `pages` the addresses of those models'
    pages that there are.
    """
    counts = Counter(each.judged.verdict.status for each in standings if each.judged is not None)
    tiles = [{"count": counts[s], "word": status_word(s), "kind": s.value} for s in _ORDER if counts[s]]
    if never := sum(each.judged is None for each in standings):
        tiles.append({"count": never, "word": "never watched", "kind": "absent"})
    return _render(
        "fleet.html",
        summary=fleet_summary(standings) if standings else "No model yet.",
        tiles=tiles,
        rows=[_row(each, recent.get(each.model, ()), pages) for each in most_urgent_first(standings)],
        as_of=_as_of([each.judged.recorded_at for each in standings if each.judged is not None], None),
    )


def _row(each: Standing, judged: Sequence[Judged], pages: Mapping[str, str]) -> dict[str, Any]:
    verdict = None if each.judged is None else each.judged.verdict
    return {
        "model": each.model,
        "team": f"team {each.team}",
        "page": pages.get(each.model),
        "word": "never watched" if verdict is None else standing(verdict.status, verdict.severity),
        "kind": "absent" if verdict is None else verdict.status.value,
        "strip": statuses(judged) if judged else Strip("status", (), tally(judged)),
        "serves": "nobody" if each.serves is None else f"version {each.serves}",
        "why": said_of(each),
    }


def _stand(each: Judged) -> dict[str, str]:
    verdict = each.verdict
    return {
        "word": standing(verdict.status, verdict.severity),
        "kind": verdict.status.value,
        "window": span(verdict.window),
        "reason": worst_reason(verdict),
    }


def _serves(seen: ModelSeen) -> str:
    now = seen.assignment
    if now is None or now.champion is None:
        return "Nobody is known to serve."
    since = next(
        (t.at for t in reversed(seen.transitions) if t.after.champion == now.champion
         and (t.before is None or t.before.champion != now.champion)),
        None,
    )  # fmt: skip
    said = f"Version {now.champion} serves" + ("" if since is None else f" since {moment(since)} UTC")
    if now.challenger is not None:
        said += f"; version {now.challenger} contends as {now.challenger_role} ({now.weight:.0%} of requests)"
    return f"{said}; promotion is frozen by {now.frozen_by}." if now.frozen_by else f"{said}."


def _findings(judged: Sequence[Judged]) -> dict[str, Any]:
    """Return what the newest windows that are not met were found to be, the newest first."""
    bad = [each for each in reversed(judged) if each.verdict.status is not Status.MET]
    told = [{**_stand(each), "lines": _lines(each)} for each in bad[:_FOUND]]
    rest = len(bad) - _FOUND
    more = f"{rest} earlier windows were not met either; `muster why` explains each." if rest > 0 else ""
    return {"found": told, "found_more": more}


def _lines(each: Judged) -> list[str]:
    lines = []
    for objective in worst_first(each.verdict.objectives):
        if objective.status is Status.MET:
            continue
        head = f"{objective.objective} {standing(objective.status, objective.severity)}"
        counted = [f.sentence for f in objective.findings if f.suppressed_by is None]
        explained = [
            f"{f.column or f.code} ({f.suppressed_by})" for f in objective.findings if f.suppressed_by
        ]
        if not counted:
            lines.append(f"{head}: {objective.reason}")
        lines += [f"{head}: {sentence}" for sentence in counted[:_SENTENCES]]
        if len(counted) > _SENTENCES:
            lines.append(f"{head}: {len(counted) - _SENTENCES} findings more")
        if counted and explained:
            lines.append(f"{objective.objective}, explained by another finding: {listed(explained)}")
    return lines


def _transition(each: Transition) -> dict[str, str]:
    before = None if each.before is None else each.before.champion
    return {
        "at": moment(each.at),
        "kind": each.kind.replace("_", " "),
        "before": "nobody" if before is None else f"version {before}",
        "after": "nobody" if each.after.champion is None else f"version {each.after.champion}",
        "actor": f"{each.actor} ({each.actor_kind})",
        "reason": each.reason,
    }


def _as_of(recorded: Sequence[datetime], policy: RecordedPolicy | None) -> str:
    newest = f"The newest verdict was recorded {moment(max(recorded))} UTC. " if recorded else ""
    digest = f" Policy {policy.digest}." if policy is not None else ""
    return f"{newest}Written by Muster from its ledger; times are in UTC.{digest}"


def page_of(template: str, **values: Any) -> str:
    """Return a page from one of this room's templates."""
    return _templates().get_template(template).render(**values)


def _render(template: str, **values: Any) -> str:
    return page_of(template, status_kinds=KINDS, **values)


@cache
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
