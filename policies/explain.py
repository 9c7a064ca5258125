"""EXPLAIN: what changed from one verdict to another, in sentences. Pure."""

from collections.abc import Iterator

from policies.verdict import Finding, ObjectiveVerdict, Verdict


def difference(old: Verdict, new: Verdict) -> str | None:
    """Return what changed from `old` to `new`, a line each; None when nothing but the window did."""
    lines = [*_overall(old, new), *_objectives(old, new), *_causes(old, new)]
    return "\n".join(lines) if lines else None


def _standing(verdict: Verdict | ObjectiveVerdict) -> str:
    return f"{verdict.status} ({verdict.severity})" if verdict.severity else str(verdict.status)


def _overall(old: Verdict, new: Verdict) -> Iterator[str]:
    if old.model != new.model:
        yield f"model: {old.model} -> {new.model}"
    if _standing(old) != _standing(new):
        yield f"{_standing(old)} -> {_standing(new)}"


def _causes(old: Verdict, new: Verdict) -> Iterator[str]:
    if old.diagnosis != new.diagnosis:
        causes = [each.diagnosis.cause if each.diagnosis else "none told" for each in (old, new)]
        said = f": {new.diagnosis.sentence}" if new.diagnosis else ""
        yield (
            f"cause: {causes[0]} -> {causes[1]}{said}"
            if causes[0] != causes[1]
            else f"cause: still {causes[1]}{said}"
        )


def _objectives(old: Verdict, new: Verdict) -> Iterator[str]:
    names = dict.fromkeys(o.objective for verdict in (old, new) for o in verdict.objectives)
    for name in names:
        before, after = old.of(name), new.of(name)
        if before is None and after is not None:
            yield f"{name}: not judged before, now {_standing(after)}: {after.reason}"
        elif after is None:
            yield f"{name}: no longer judged"
        elif before is not None and before != after:
            yield from _changed(before, after)


def _changed(before: ObjectiveVerdict, after: ObjectiveVerdict) -> Iterator[str]:
    name = after.objective
    if _standing(before) != _standing(after):
        yield f"{name}: {_standing(before)} -> {_standing(after)}: {after.reason}"
    else:
        yield f"{name}: still {_standing(after)}: {after.reason}"
    old, new = ({_key(finding): finding for finding in side.findings} for side in (before, after))
    for key, finding in new.items():
        if key not in old:
            yield f"  new: {finding.sentence}{_because(finding)}"
        elif _weight(finding) != _weight(old[key]):
            yield (f"  {_weight(old[key])} -> {_weight(finding)}: {finding.sentence}")
    for key, finding in old.items():
        if key not in new:
            yield f"  gone: {finding.sentence}{_because(finding)}"


def _key(finding: Finding) -> tuple[str, str | None, str | None]:
    return finding.code, finding.column, finding.segment


def _weight(finding: Finding) -> str:
    return f"{finding.status} ({finding.severity}){_because(finding)}"


def _because(finding: Finding) -> str:
    return f" [explained by {finding.suppressed_by}]" if finding.suppressed_by else ""
