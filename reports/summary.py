"""Many windows of one model in one sentence, for a person who begins."""

from collections import Counter
from collections.abc import Sequence

from policies.policy import Policy
from policies.verdict import Finding, Severity, Status, Verdict
from reports.words import counted, moment

_UNITS = {"1m": "minute", "1h": "hour", "1d": "day", "1w": "week", "1mo": "month"}
_CAUSES = {
    "silent": "feed silent",
    "few_rows": "too few rows",
    "performance": "score beyond its limit",
}
_NAMED = 3  # pages that are told one by one


def summary(verdicts: Sequence[Verdict], policy: Policy) -> str:
    """Say how many windows there were and how those stand that are not met.

    As in `30 days: 1 page (2026-03-12, feed silent), 2 at risk, 5 blind (fewer than 80 rows), 22 met`.
    """
    by_status = {status: [v for v in verdicts if v.status is status] for status in Status}
    pages = [v for v in by_status[Status.BREACHED] if v.severity is Severity.CRITICAL]
    other = [v for v in by_status[Status.BREACHED] if v.severity is not Severity.CRITICAL]
    parts = [
        _part(len(pages), counted(len(pages), "page"), "; ".join(_told(pages))),
        _part(len(other), f"{len(other)} breached", _most_common([_cause(v) for v in other])),
        _counted(by_status[Status.ERRORED], "errored", "could not be measured"),
        _counted(by_status[Status.AT_RISK], "at risk", ""),
        _part(
            len(by_status[Status.INCONCLUSIVE]),
            f"{len(by_status[Status.INCONCLUSIVE])} blind",
            _most_common([_blind(v, policy) for v in by_status[Status.INCONCLUSIVE]]),
        ),
        _counted(by_status[Status.MET], "met", ""),
    ]
    unit = _UNITS.get(policy.cadence.text, "window")
    return f"{counted(len(verdicts), unit)}: {', '.join(part for part in parts if part) or 'nothing judged'}"


def _counted(verdicts: Sequence[Verdict], word: str, why: str) -> str:
    return _part(len(verdicts), f"{len(verdicts)} {word}", why)


def _part(number: int, said: str, why: str) -> str:
    if not number:
        return ""
    return f"{said} ({why})" if why else said


def _told(pages: Sequence[Verdict]) -> list[str]:
    told = [f"{moment(v.window.start)}, {_cause(v)}" for v in pages[:_NAMED]]
    rest = len(pages) - _NAMED
    return [*told, f"and {rest} more"] if rest > 0 else told


def _cause(verdict: Verdict) -> str:
    """Return what the most urgent finding of a breach is, in two or three words."""
    findings = [f for o in verdict.objectives for f in o.findings if f.status is Status.BREACHED]
    worst = next((f for f in findings if f.severity == verdict.severity and f.suppressed_by is None), None)
    return "no finding" if worst is None else _words(worst)


def _words(finding: Finding) -> str:
    said = _CAUSES.get(finding.code, finding.code.replace("_", " "))
    return said if finding.column is None else f"{finding.column}: {said}"


def _blind(verdict: Verdict, policy: Policy) -> str:
    objective = next((o for o in verdict.objectives if o.status is Status.INCONCLUSIVE), None)
    if objective is None:
        return "nothing judged"
    few = objective.reason.startswith("blind:")
    return f"fewer than {policy.minimum_rows} rows" if few else objective.reason.split(":")[0].split(",")[0]


def _most_common(causes: Sequence[str]) -> str:
    """Return the most frequent cause, and that there are others."""
    ranked = Counter(causes).most_common()
    if not ranked:
        return ""
    return ranked[0][0] if len(ranked) == 1 else f"mostly {ranked[0][0]}"
