"""The labels of a window beside those of the baseline. No Prefect here."""

from profiles.compare import compare
from profiles.reading import Outcomes
from profiles.see import Seen
from profiles.segments import LABELS, baseline_name
from profiles.sketch import read
from registry.ledger import Ledger
from registry.profile_store import ProfileStore
from registry.records import RegisteredBaseline


def outcomes_beside(
    seen: Seen, baseline: RegisteredBaseline | None, ledger: Ledger, profiles: ProfileStore
) -> Outcomes | None:
    """Compare a window's labels with those that belong to its baseline; None where no label is known.

    The profile of the labels is stored, so that the comparison can be recomputed.
    """
    if seen.outcomes is None:
        return None
    own = None
    if baseline is not None:
        name = baseline_name(baseline.name, LABELS)
        own = ledger.baseline(baseline.model, baseline.version, name)
    profile = profiles.put(seen.outcomes)
    if own is None:
        return Outcomes(profile)
    stored = read(profiles.get(own.profile_digest))
    return Outcomes(profile, own.profile_digest, compare(read(seen.outcomes), stored))


def outcome_baseline(
    baseline: RegisteredBaseline, seen: Seen, coverage: float, profiles: ProfileStore
) -> tuple[RegisteredBaseline, ...]:
    """Return a baseline of the labels of the rows that `baseline` was made of.

    None where fewer rows than the share `coverage` have a label: early labels are rarely a fair sample.
    """
    if seen.outcomes is None or seen.labels is None or seen.labels.coverage < coverage:
        return ()
    return (
        RegisteredBaseline(
            model=baseline.model,
            version=baseline.version,
            profile_digest=profiles.put(seen.outcomes),
            rows=seen.labels.labelled,
            kind=baseline.kind,
            name=baseline_name(baseline.name, LABELS),
            period=baseline.period,
        ),
    )
