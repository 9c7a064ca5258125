"""Slices of a window beside those of the baseline, and slices of a period as baselines. No Prefect here."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from profiles.compare import compare
from profiles.reading import BaselineRef, SegmentReading
from profiles.see import Seen, SeenSlice
from profiles.segments import baseline_name, false_alarm_rate
from profiles.sketch import read
from registry.profile_store import ProfileStore
from registry.records import RegisteredBaseline

Referred = Callable[[RegisteredBaseline], BaselineRef]


def slices_beside(
    seen: Sequence[SeenSlice],
    baseline: RegisteredBaseline | None,
    known: Sequence[RegisteredBaseline],
    profiles: ProfileStore,
    referred: Referred,
) -> tuple[SegmentReading, ...]:
    """Compare each slice with its own baseline among `known`, else with the baseline of all rows.

    Together the slices raise chance alarms as rarely as one comparison does (Bonferroni). The profiles of
    the slices are stored, so that their comparisons can be recomputed.
    """
    rate = false_alarm_rate(len(seen))
    names = (
        {} if baseline is None else {each.name: each for each in known if each.version == baseline.version}
    )
    readings = []
    for each in seen:
        own = None if baseline is None else names.get(baseline_name(baseline.name, each.name))
        beside = own or baseline
        comparison = None
        if each.profile is not None and beside is not None:
            stored = read(profiles.get(beside.profile_digest))
            comparison = compare(read(each.profile), stored, false_alarm_rate=rate)
        readings.append(
            SegmentReading(
                name=each.name,
                rows=each.rows,
                profile=None if each.profile is None else profiles.put(each.profile),
                baseline=None if beside is None else referred(beside),
                own_baseline=own is not None,
                comparison=comparison,
                labels=each.labels,
                scores=each.measures.scores,
                unmeasured=each.measures.unmeasured,
                value=each.measures.value,
            )
        )
    return tuple(readings)


def slice_baselines(
    baseline: RegisteredBaseline, seen: Seen, profiles: ProfileStore
) -> tuple[RegisteredBaseline, ...]:
    """Return a baseline for each slice of the rows that `baseline` was made of."""
    return tuple(
        RegisteredBaseline(
            model=baseline.model,
            version=baseline.version,
            profile_digest=profiles.put(each.profile),
            rows=each.rows,
            kind=baseline.kind,
            name=baseline_name(baseline.name, each.name),
            period=baseline.period,
            scores=each.measures.known,
        )
        for each in seen.slices
        if each.profile is not None
    )


def slices_of(
    baseline: RegisteredBaseline, known: Sequence[RegisteredBaseline], name: str
) -> tuple[RegisteredBaseline, ...]:
    """Return the slices of `baseline` among `known` as those of the same baseline by another name."""
    own = baseline_name(baseline.name, "")
    return tuple(
        replace(each, name=baseline_name(name, each.name.removeprefix(own)))
        for each in known
        if each.version == baseline.version and each.name.startswith(own)
    )
