"""Why a window was judged as it was: the worst first, then what it rests on and whether that holds."""

from collections.abc import Iterable, Sequence

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from policies.diagnosis import Cause
from policies.incidents import Incident
from policies.objectives.wording import listed
from policies.policy import Policy
from policies.verdict import Finding, ObjectiveVerdict, Status, Verdict
from profiles.reading import BaselineRef, Reading
from registry.recompute import Recomputed
from registry.records import PROPOSED, Judged
from reports.budgets import budget_said
from reports.incidents import news
from reports.status import scores_text
from reports.words import marked, moment, span, standing, status_word, worst_first

_MOST = 12  # findings shown for one objective; --json has all of them
_DIGEST = 19  # characters of a digest that tell it from others: `sha256:` and twelve digits


def why_text(
    judged: Judged, policy: Policy, recomputed: Recomputed, incidents: Sequence[Incident] = ()
) -> RenderableType:
    """Return one window's verdict with everything it rests on, for a terminal.

    Whoever is woken by it reads from the top: how it stands and which incidents it belongs to, then what is
    not met with the most urgent first, then what is met, and at the end what all this rests on.
    """
    verdict = judged.verdict
    head = f"[bold]{escape(verdict.model)}[/], {span(verdict.window)}: [bold]{marked(verdict)}[/]"
    parts: list[RenderableType] = [head, *_cause(verdict), *(Text(_belongs(each)) for each in incidents)]
    objectives = worst_first(verdict.objectives)
    for objective in objectives:
        if not _is_quiet(objective):
            parts += ["", f"[bold]{objective.objective}[/]: {marked(objective)}", *_evidence(objective)]
    quiet = [objective for objective in objectives if _is_quiet(objective)]
    if quiet:
        parts += ["", _pairs((o.objective, f"{marked(o)}: {_said(o)}") for o in quiet)]
    budgets = [(f"budget of {o.objective}", budget_said(o.budget)) for o in verdict.objectives if o.budget]
    if budgets:
        parts += ["", _pairs((name, escape(said)) for name, said in budgets)]
    parts += ["", _pairs(_facts(judged, policy)), "", _recomputation(recomputed)]
    return Group(*parts)


def _cause(verdict: Verdict) -> list[Text]:
    """Return the diagnosis in a line, the columns that explain it in another."""
    diagnosis = verdict.diagnosis
    if diagnosis is None or diagnosis.cause is Cause.NONE:
        return []
    lines = [Text(f"cause: {diagnosis.cause.replace('_', ' ')}: {diagnosis.sentence}")]
    if diagnosis.columns:
        ranked = ", ".join(each.column for each in diagnosis.columns)
        by = "" if diagnosis.columns[0].importance is None else ", by importance and movement"
        lines.append(Text(f"columns{by}: {ranked}"))
    return lines


def _belongs(incident: Incident) -> str:
    state = "open" if incident.resolved is None else f"over since {moment(incident.last)}"
    since = f"{incident.severity}, since {moment(incident.began)} UTC"
    note = f"; {said}" if (said := news(incident)) is not None else ""
    return f"incident {incident.name}: {since}, {state}{note}"


def _is_quiet(objective: ObjectiveVerdict) -> bool:
    """Say whether one line is enough: it is met, or nothing could be found."""
    return objective.status in {Status.MET, Status.INCONCLUSIVE} and not objective.findings


def _said(objective: ObjectiveVerdict) -> str:
    # Some reasons begin with the word that stands before them already.
    return escape(objective.reason.removeprefix(f"{status_word(objective.status)}: "))


def _evidence(objective: ObjectiveVerdict) -> list[RenderableType]:
    """Return the findings, a sentence each, and what the reason says beyond them."""
    findings = objective.findings
    remark = _remark(objective)
    if not findings:
        return [_indented(remark)]
    table = Table.grid(padding=(0, 2))
    single = len(findings) == 1 and findings[0].suppressed_by is None
    for finding in findings[:_MOST]:
        cells = [] if single else [_weight(finding)]
        table.add_row(*cells, escape(finding.sentence))
    shown: list[RenderableType] = [Padding(table, (0, 0, 0, 2))]
    if len(findings) > _MOST:
        shown.append(_indented(f"and {len(findings) - _MOST} more; `--json` has all of them"))
    return [*shown, *([_indented(remark)] if remark else [])]


def _remark(objective: ObjectiveVerdict) -> str:
    """Return what a reason says besides its findings' sentences; all of it where it is not made of them."""
    said = listed([f.sentence for f in objective.findings if f.suppressed_by is None])
    if said and objective.reason.startswith(said):
        return objective.reason.removeprefix(said).removeprefix("; ")
    return objective.reason


def _weight(finding: Finding) -> str:
    if finding.suppressed_by is not None:
        return f"explained by {finding.suppressed_by}"
    return standing(finding.status, finding.severity)


def _indented(text: str) -> Padding:
    return Padding(Text(text), (0, 0, 0, 2))


def _pairs(rows: Iterable[tuple[str, str]]) -> Table:
    table = Table.grid(padding=(0, 2))
    for name, value in rows:
        table.add_row(name, value)
    return table


def _facts(judged: Judged, policy: Policy) -> list[tuple[str, str]]:
    reading, baseline = judged.reading, judged.reading.baseline
    window = reading.window
    rows = f"{reading.arrivals.rows:,} from {moment(window.start)} to {moment(window.end)} UTC"
    facts = [
        ("rows", rows if reading.fault is None else "not read"),
        ("labels", _labels(reading, policy)),
        ("scores", scores_text(reading) or "none"),
        *_estimates(reading),
        ("who served", f"version {reading.version}" if reading.version else "not known"),
        (
            "baseline",
            f"{_named(baseline)}, {baseline.rows:,} rows, {baseline.profile[:_DIGEST]}"
            if baseline
            else "none",
        ),
        ("policy", judged.policy_digest[:_DIGEST]),
        ("owned by", ", ".join(policy.owners) or f"team {policy.team}"),
        ("recorded", f"{moment(judged.recorded_at)} UTC, reading {judged.revision} of this window"),
    ]
    return [(name, escape(value)) for name, value in facts]


def _estimates(reading: Reading) -> list[tuple[str, str]]:
    """Return what was estimated without labels, graded by the score where there is one."""
    if not reading.estimates:
        return []
    said = []
    for name, estimate in sorted(reading.estimates.items()):
        score = reading.scores.get(name)
        grade = "" if score is None else f", {abs(estimate.value - score.value):.2g} off"
        said.append(f"{name} {estimate.value:.4g} by {estimate.by}{grade}")
    return [("estimates", "; ".join(said))]


def _named(baseline: BaselineRef) -> str:
    return f"{baseline.name} (unconfirmed)" if baseline.name == PROPOSED else baseline.name


def _labels(reading: Reading, policy: Policy) -> str:
    if reading.labels is None:
        return "none yet" if policy.labels is not None else "the policy names none"
    state = "no more are awaited" if reading.labels.mature else "more may come"
    return f"{reading.labels.labelled:,} ({reading.labels.coverage:.0%} of the rows), {state}"


def _recomputation(recomputed: Recomputed) -> str:
    verdict = "the same verdict" if recomputed.verdict_agrees else "[bold red]another verdict[/]"
    return f"Recomputed now from the stored reading and policy: {verdict}. {escape(recomputed.note)}"
