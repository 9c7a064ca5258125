"""The shapes that `--json` prints; docs/cli.md describes them field by field, and a test compares the two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from policies.faults import Fault
from policies.incidents import Incident
from policies.load import Fleet
from policies.policy import Policy
from policies.verdict import Finding, ObjectiveVerdict
from profiles.window import spelled
from registry.records import Judged, Verification
from reports.budgets import budget_json
from reports.incidents import incident_json
from reports.status import Pages, Standing

if TYPE_CHECKING:
    from registry.recompute import Recomputed


def fleet_json(standings: Sequence[Standing]) -> dict[str, Any]:
    """Return the shape of `muster status --json`."""
    return {
        "models": [
            {
                "model": standing.model,
                "team": standing.team,
                "serves": standing.serves,
                "note": standing.note,
                "incidents_open": standing.incidents,
                "false_pages": None if standing.pages is None else _pages_json(standing.pages),
                "window": None if standing.judged is None else window_json(standing.judged),
            }
            for standing in standings
        ]
    }


def windows_json(model: str, judged: Sequence[Judged]) -> dict[str, Any]:
    """Return the shape of `muster status MODEL --json`."""
    return {"model": model, "windows": [window_json(each) for each in judged]}


def window_json(judged: Judged) -> dict[str, Any]:
    """Return the shape of one judged window."""
    verdict, reading = judged.verdict, judged.reading
    return {
        "start": reading.window.start.isoformat(),
        "end": reading.window.end.isoformat(),
        "version": reading.version,
        "rows": reading.arrivals.rows,
        "scores": {name: score.value for name, score in sorted(reading.scores.items())},
        "labels_mature": None if reading.labels is None else reading.labels.mature,
        "status": str(verdict.status),
        "severity": None if verdict.severity is None else str(verdict.severity),
        "cause": None if verdict.diagnosis is None else str(verdict.diagnosis.cause),
        "objectives": {o.objective: _objective_json(o) for o in verdict.objectives},
    }


def why_json(
    judged: Judged, policy: Policy, recomputed: Recomputed, incidents: Sequence[Incident] = ()
) -> dict[str, Any]:
    """Return the shape of `muster why --json`."""
    return {
        "model": judged.verdict.model,
        **window_json(judged),
        "policy": judged.policy_digest,
        "owners": list(policy.owners),
        "reading_revision": judged.revision,
        "findings": [
            {"objective": objective.objective, **_finding_json(finding)}
            for objective in judged.verdict.objectives
            for finding in objective.findings
        ],
        "budgets": [
            {"objective": objective.objective, **budget_json(objective.budget)}
            for objective in judged.verdict.objectives
            if objective.budget is not None
        ],
        "incidents": [incident_json(each) for each in incidents],
        "recomputed": {
            "verdict": recomputed.verdict_agrees,
            "comparison": recomputed.comparison_agrees,
            "budgets": recomputed.budgets_agree,
            "note": recomputed.note,
        },
    }


def checked_json(fleet: Fleet) -> dict[str, Any]:
    """Return the shape of `muster policy check --json`."""
    return {
        "models": [loaded.policy.model for loaded in fleet.policies],
        "faults": [_fault_json(fault) for fault in fleet.faults],
    }


def shown_json(policy: Policy, written: Mapping[str, Any]) -> dict[str, Any]:
    """Return the shape of `muster policy show --json`; `written` is the policy as a file that says it all."""
    return {
        "policy": dict(written),
        "defaults": list(policy.filled),
        "defaults_of_the_team": list(policy.filled_by_team),
    }


def verified_json(found: Verification) -> dict[str, Any]:
    """Return the shape of `muster ledger verify --json`."""
    return {
        "entries": found.entries,
        "chains": found.chains,
        "faults": [
            {"model": fault.model, "kind": fault.kind, "key": fault.key, "sentence": fault.sentence}
            for fault in found.faults
        ],
    }


def _pages_json(pages: Pages) -> dict[str, Any]:
    return {"opened": pages.opened, "allow": pages.allow, "over": spelled(pages.over)}


def _objective_json(objective: ObjectiveVerdict) -> dict[str, Any]:
    return {
        "status": str(objective.status),
        "severity": None if objective.severity is None else str(objective.severity),
        "reason": objective.reason,
        "budget_left": None if objective.budget is None else objective.budget.left,
    }


def _finding_json(finding: Finding) -> dict[str, Any]:
    return {
        "code": finding.code,
        "column": finding.column,
        "status": str(finding.status),
        "severity": str(finding.severity),
        "measured": finding.measured,
        "limit": finding.limit,
        "rows": finding.rows,
        "suppressed_by": finding.suppressed_by,
        "sentence": finding.sentence,
    }


def _fault_json(fault: Fault) -> dict[str, Any]:
    return {
        "path": str(fault.path),
        "line": fault.line,
        "column": fault.column,
        "where": fault.where,
        "message": fault.message,
        "hint": fault.hint,
    }
