"""A past verdict computed again from what is stored, to see whether the record can be trusted."""

from collections.abc import Mapping
from dataclasses import dataclass

from policies.diagnose import diagnosed
from policies.explain import difference
from policies.judge import judge
from policies.policy import Policy
from policies.spending import Counts
from profiles.compare import compare
from profiles.errors import ProfileUnreadable
from profiles.reading import Outcomes, SegmentReading
from profiles.segments import false_alarm_rate
from profiles.sketch import read
from registry.profile_store import ProfileStore
from registry.records import Judged


@dataclass(frozen=True)
class Recomputed:
    """What recomputing a verdict showed.

    `comparison_agrees` is None when the comparison cannot be recomputed, and `note` says why.
    `budgets_agree` says whether the ledger still counts what the error budgets were judged by; None where
    there was none, or nobody counted again.
    """

    verdict_agrees: bool
    comparison_agrees: bool | None
    note: str
    budgets_agree: bool | None = None


def recompute(
    judged: Judged,
    policy: Policy,
    profiles: ProfileStore,
    counted: Mapping[str, tuple[Counts, ...]] | None = None,
) -> Recomputed:
    """Judge a stored reading again by its stored policy, and compare its stored profiles again.

    The counts of earlier windows are those that the verdict was judged by; `counted` are today's, to say
    where windows were judged again since.
    """
    before = {each.objective: each.budget.before for each in judged.verdict.objectives if each.budget}
    again = judge(judged.reading, policy, before=before)
    if judged.verdict.diagnosis is not None:
        again = diagnosed(again, judged.reading, policy)
    changed = difference(judged.verdict, again)
    agrees, note = _comparison(judged, profiles)
    moved = _moved(before, counted) if counted is not None else []
    return Recomputed(
        verdict_agrees=changed is None,
        comparison_agrees=agrees,
        note=" ".join([*([] if changed is None else [changed]), note, *moved]),
        budgets_agree=None if counted is None or not before else not moved,
    )


def _moved(before: Mapping[str, tuple[Counts, ...]], counted: Mapping[str, tuple[Counts, ...]]) -> list[str]:
    """Say of each budget whose counts are others today what they were and are, in its period."""
    return [
        f"Windows before this one were judged again since: of the budget of {objective}, "
        f"{_said(was[0])} then and {_said(now[0])} now."
        for objective, was in before.items()
        if (now := counted.get(objective, ())) != was and was and now
    ]


def _said(counts: Counts) -> str:
    rows = f" ({counts.bad_rows:,} of {counts.rows:,} rows)" if counts.bad_rows else ""
    return f"{counts.short} fell short{rows}, {counts.good} did not and {counts.unknown} were unknown"


def _comparison(judged: Judged, profiles: ProfileStore) -> tuple[bool | None, str]:
    reading = judged.reading
    if reading.profile is None or reading.baseline is None:
        return None, "There was no comparison to recompute."
    try:
        window, baseline = (
            read(profiles.get(digest)) for digest in (reading.profile, reading.baseline.profile)
        )
        others_agree = _labels_agree(reading.outcomes, profiles) and all(
            _agrees(each, len(reading.segments), profiles) for each in reading.segments
        )
    except ProfileUnreadable as error:
        return None, f"The comparison cannot be recomputed: {error}"
    if compare(window, baseline) == reading.comparison and others_agree:
        return True, "The comparison recomputed from the stored profiles is the same too."
    return False, "The comparison recomputed from the stored profiles differs from the recorded one."


def _agrees(segment: SegmentReading, count: int, profiles: ProfileStore) -> bool:
    """Say whether a slice's comparison, one of `count`, comes out the same again."""
    if segment.profile is None or segment.baseline is None:
        return segment.comparison is None
    window, baseline = (read(profiles.get(digest)) for digest in (segment.profile, segment.baseline.profile))
    return compare(window, baseline, false_alarm_rate=false_alarm_rate(count)) == segment.comparison


def _labels_agree(outcomes: Outcomes | None, profiles: ProfileStore) -> bool:
    """Say whether the comparison of the labels comes out the same again."""
    if outcomes is None or outcomes.baseline is None:
        return outcomes is None or outcomes.comparison is None
    window, baseline = (read(profiles.get(digest)) for digest in (outcomes.profile, outcomes.baseline))
    return compare(window, baseline) == outcomes.comparison
