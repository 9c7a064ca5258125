"""EXPLAIN: why a window stands as it does; causes are ruled out in the order of a careful engineer. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from policies.diagnosis import Cause, Diagnosis, Explaining, LossChange
from policies.loss_change import expected_change, loss_change
from policies.objectives.wording import listed, number, percent
from policies.policy import Policy
from policies.verdict import Finding, Status, Verdict
from profiles.reading import Reading
from profiles.strata import StratumLoss, added

_SHORT = (Status.AT_RISK, Status.BREACHED)
_OUTAGES = frozenset({"silent", "volume_collapse"})
_PIPELINE = frozenset({
    "all_null", "constant", "kind_changed", "unit_changed", "column_missing", "missing", "infinite",
    "duplicated_batch",
})  # fmt: skip
# Standard errors by which the loss, or a part of its change, must have risen: about one window in 80 of
# those where nothing changed is beyond one of the three.
_VISIBLE = 2.5
# A score near its limit or beyond it is one sign of it already.
_VISIBLE_IF_SHORT = 2.2
# Once a rise is certain, its parts need be no more than likely...
_LIKELY = 1.64
# ...and no small matter, as a share of the rise.
_MATTERS = 1 / 3
# The other part is named beside it where it is more likely there than not, and no trifle.
_PERHAPS_MATTERS = 0.1
# A change by less than this share of the loss interests nobody, however many rows show it.
_SMALLEST = 0.02
_MOST_COLUMNS = 5


def diagnose(verdict: Verdict, reading: Reading, policy: Policy, recent: Sequence[Reading] = ()) -> Diagnosis:
    """Return the cause of a window's verdict; what cannot be told is `unclear`, never guessed.

    In this order: outage, broken pipeline, labels that do not come, too few of them; then whether the loss
    rose, and whether because rows of other strata came (data drift) or because the same strata fare worse
    (concept drift). `recent` readings of the same version and strata add their rows to the last question.
    """
    findings = [each for objective in verdict.objectives for each in objective.findings]
    for cause in (_outage, _pipeline, _labels):
        if (found := cause(reading, policy, findings)) is not None:
            return found
    return _of_loss(verdict, reading, recent)


def diagnosed(verdict: Verdict, reading: Reading, policy: Policy) -> Verdict:
    """Return the verdict with its diagnosis, from the window's own reading alone."""
    return replace(verdict, diagnosis=diagnose(verdict, reading, policy))


def _outage(reading: Reading, _policy: Policy, findings: Sequence[Finding]) -> Diagnosis | None:
    if reading.fault is not None:
        return Diagnosis(Cause.OUTAGE, f"the window could not be read: {reading.fault}")
    said = _breaches(findings, _OUTAGES)
    return Diagnosis(Cause.OUTAGE, listed([each.sentence for each in said])) if said else None


def _pipeline(reading: Reading, _policy: Policy, findings: Sequence[Finding]) -> Diagnosis | None:
    said = _breaches(findings, _PIPELINE)
    if not said:
        return None
    broken = dict.fromkeys(each.column for each in said if each.column is not None)
    columns = _ranked(Explaining(name, 1.0, _importance(reading, name)) for name in broken)
    order = {each.column: place for place, each in enumerate(columns)}
    said.sort(key=lambda each: order.get(each.column or "", -1))
    return Diagnosis(Cause.PIPELINE, listed([each.sentence for each in said]), columns=columns)


def _labels(reading: Reading, policy: Policy, findings: Sequence[Finding]) -> Diagnosis | None:
    """Return what keeps the labels from telling anything, or None where they can or need not."""
    labels, target = reading.labels, policy.performance
    if stopped := _breaches(findings, frozenset({"labels_stopped"})):
        return Diagnosis(Cause.LABEL_DELAY, listed([each.sentence for each in stopped]))
    if labels is None or target is None or policy.labels is None or not labels.mature:
        return None
    if labels.coverage < target.minimum_coverage:
        said = f"{percent(labels.coverage)} of the rows have labels although all were due; "
        return Diagnosis(Cause.LABEL_DELAY, f"{said}{percent(target.minimum_coverage)} are needed")
    if labels.labelled < policy.minimum_rows:
        return Diagnosis(
            Cause.TOO_FEW_LABELS, f"{labels.labelled:,} rows have labels, {policy.minimum_rows:,} are needed"
        )
    return None


def _of_loss(verdict: Verdict, reading: Reading, recent: Sequence[Reading]) -> Diagnosis:
    held_out = () if reading.baseline is None else reading.baseline.losses
    performance = verdict.of("performance")
    judged = performance is not None and performance.status is not Status.INCONCLUSIVE
    change = loss_change(_pooled(reading, recent), held_out) if judged else None
    moved = _moved(reading)
    short = performance is not None and performance.status in _SHORT
    if change is not None and _risen(
        change, _VISIBLE_IF_SHORT if short else _VISIBLE, inputs_moved=bool(moved)
    ):
        return _risen_loss(change, moved)
    change = change if change is not None else expected_change(reading.losses, held_out)
    drift = verdict.of("drift")
    if short:
        return Diagnosis(
            Cause.UNCLEAR, f"the score is worse, and {_why_unclear(change)}", None, change, moved
        )
    if drift is not None and drift.status in _SHORT:
        said = f"{drift.reason}; {_of_moved_inputs(change)}"
        return Diagnosis(Cause.DATA_DRIFT, said, None, change, moved)
    return Diagnosis(Cause.NONE, _nothing(change), None, change)


def _pooled(reading: Reading, recent: Sequence[Reading]) -> Sequence[StratumLoss]:
    """Return the losses of a window together with those of earlier ones that can be added to them."""
    alike = [
        each.losses
        for each in recent
        if each.losses
        and each.version == reading.version
        and each.baseline
        and reading.baseline
        and each.baseline.losses == reading.baseline.losses
        and each.window != reading.window
    ]
    return added([reading.losses, *alike]) if reading.losses else ()


def _risen(change: LossChange, errors: float, *, inputs_moved: bool) -> bool:
    """Say whether the loss rose, and it or a part of its change visibly and by more than a trifle.

    Inputs that moved visibly are a change already; what they do to the loss need be no more than likely.
    """
    (mix, mix_error), (within, within_error) = _parts(change)
    by_rows = _LIKELY if inputs_moved else errors
    both = (mix_error**2 + within_error**2) ** 0.5
    looks = (mix, by_rows * mix_error), (within, errors * within_error), (change.total, by_rows * both)
    return change.total > 0 and any(value > max(_SMALLEST * change.before, least) for value, least in looks)


def _parts(change: LossChange) -> tuple[tuple[float, float], tuple[float, float]]:
    return (change.mix, change.mix_error), (change.within or 0.0, change.within_error or 0.0)


def _risen_loss(change: LossChange, moved: tuple[Explaining, ...]) -> Diagnosis:
    """Tell which part of a visible rise counts."""
    (mix, mix_error), (within, within_error) = _parts(change)
    rise = max(mix, 0.0) + max(within, 0.0)
    of_mix, of_within = (
        value >= _MATTERS * rise and value > _LIKELY * error
        for value, error in ((mix, mix_error), (within, within_error))
    )
    said = _split(change)
    if of_mix and of_within:
        return Diagnosis(
            Cause.BOTH, f"{said}: the inputs moved, and the same inputs fare worse", None, change, moved
        )
    if of_mix:
        beside = Cause.CONCEPT_DRIFT if within >= _PERHAPS_MATTERS * rise else None
        news = f"{said}: the inputs moved{_perhaps(beside)}"
        return Diagnosis(Cause.DATA_DRIFT, news, beside, change, moved)
    if of_within:
        beside = Cause.DATA_DRIFT if mix >= _PERHAPS_MATTERS * rise else None
        news = f"{said}: the same inputs fare worse{_perhaps(beside)}"
        return Diagnosis(Cause.CONCEPT_DRIFT, news, beside, change, moved)
    return Diagnosis(Cause.UNCLEAR, f"{said}: neither part stands out", None, change, moved)


def _perhaps(beside: Cause | None) -> str:
    if beside is None:
        return ""
    return (
        "; perhaps the same inputs fare worse too"
        if beside is Cause.CONCEPT_DRIFT
        else "; perhaps they moved too"
    )


def _split(change: LossChange) -> str:
    before = change.before or 1.0
    within, error = change.within or 0.0, change.within_error or 0.0
    return (
        f"the loss rose by {percent(change.total / before)} over {number(change.before)}, "
        f"{percent(change.mix / before)} by other rows (± {percent(change.mix_error / before)}) and "
        f"{percent(within / before)} within strata (± {percent(error / before)}), "
        f"{change.rows:,} labelled rows"
    )


def _why_unclear(change: LossChange | None) -> str:
    if change is None:
        return "the version has no loss strata to tell by"
    if change.within is None:
        return "there are no labels to tell by"
    return f"{_split(change)}: this may be chance"


def _of_moved_inputs(change: LossChange | None) -> str:
    if change is None:
        return "what that does to the loss is not known"
    if change.within is None:
        share = percent(change.mix / change.before) if change.before else number(change.mix)
        return f"by their mix a loss changed by {share} is to be expected; labels have to tell"
    return "the loss has not risen visibly"


def _nothing(change: LossChange | None) -> str:
    if change is None or change.within is None:
        return "nothing to explain"
    return "nothing to explain: the loss has not risen visibly"


def _breaches(findings: Sequence[Finding], codes: frozenset[str]) -> list[Finding]:
    return [
        each
        for each in findings
        if each.code in codes
        and each.status is Status.BREACHED
        and each.segment is None
        and not each.suppressed_by
    ]


def _moved(reading: Reading) -> tuple[Explaining, ...]:
    """Return the features that moved visibly, those first that matter most to the version."""
    found = []
    for column in reading.comparison.columns if reading.comparison else ():
        moved, chance = column.distances.js, column.chance.js
        if moved is not None and chance is not None and moved > chance:
            found.append(Explaining(column.column, moved, _importance(reading, column.column)))
    return _ranked(found)


def _importance(reading: Reading, column: str) -> float | None:
    known = reading.baseline.importance if reading.baseline else {}
    return known.get(column, 0.0) if known else None


def _ranked(columns: Iterable[Explaining]) -> tuple[Explaining, ...]:
    return tuple(sorted(columns, key=lambda each: (-each.weight, -each.moved, each.column))[:_MOST_COLUMNS])
