"""What was measured over time, as pictures with their words: scores, volume, silences."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from markupsafe import Markup

from policies.objectives.limits import relative
from policies.objectives.wording import span as lasting
from policies.policy import Policy
from policies.verdict import ObjectiveVerdict, Status
from profiles.metrics import METRICS
from profiles.reading import Reading
from registry.records import Judged
from reports.charts import Level, Point, over_time
from reports.words import counted, moment, span

_MOST_SCORES = 4
_MOST_SILENCES = 12


@dataclass(frozen=True)
class ScorePicture:
    """A score's name, its picture over time, and what the picture shows in words."""

    name: str
    picture: Markup
    said: str


def scores(judged: Sequence[Judged], policy: Policy | None) -> list[ScorePicture]:
    """Return the pictures of the measured scores, the one that the policy limits first."""
    names = dict.fromkeys(name for each in judged for name in sorted(each.reading.scores))
    target = policy.performance.score if policy is not None and policy.performance is not None else None
    ordered = sorted(names, key=lambda name: name != target)
    return [_score(name, judged, policy if name == target else None) for name in ordered[:_MOST_SCORES]]


def no_score(newest: Judged | None, policy: Policy | None) -> str:
    """Say why there is no score."""
    verdict = None if newest is None else newest.verdict.of("performance")
    if verdict is not None:
        return f"No window has a score: {verdict.reason}."
    return "The policy names no labels." if policy is None or policy.labels is None else "No labels came yet."


def _score(name: str, judged: Sequence[Judged], policy: Policy | None) -> ScorePicture:
    seen = [each for each in judged if name in each.reading.scores]
    points = [
        Point(
            each.reading.window.start,
            each.reading.scores[name].value,
            sure=each.reading.labels is None or each.reading.labels.mature,
            bad=policy is not None and _breached(each.verdict.of("performance")),
        )
        for each in seen
    ]
    before = [(each.reading.window.start, _baseline(each.reading, name)) for each in seen]
    limits = [(each.reading.window.start, _limit(each.reading, policy)) for each in seen]
    levels = [
        Level(word, tuple(at for at, _ in known), tuple(value for _, value in known), strict=word == "limit")
        for word, pairs in (("baseline", before), ("limit", limits))
        if (known := [(at, value) for at, value in pairs if value is not None])
    ]
    newest = points[-1]
    bad = sum(point.bad for point in points)
    parts = [f"{name} {newest.value:.4g} in {span(seen[-1].reading.window)}"]
    parts += [f"{level.name} {level.values[-1]:.4g}" for level in levels]
    limited = any(level.name == "limit" for level in levels)
    beyond = f"{counted(bad, 'window')} beyond the limit" if bad else "no window beyond the limit"
    parts.append(beyond if limited or bad else "the policy sets no limit")
    if not all(point.sure for point in points):
        parts.append("hollow points may still change: labels are awaited")
    said = "; ".join(parts)
    return ScorePicture(name, over_time(f"score-{_key(name)}", said, points, levels), said)


def _baseline(reading: Reading, name: str) -> float | None:
    return None if reading.baseline is None else reading.baseline.scores.get(name)


def _limit(reading: Reading, policy: Policy | None) -> float | None:
    target = None if policy is None else policy.performance
    if target is None or target.limit is not None:
        return None if target is None else target.limit
    before = _baseline(reading, target.score)
    if before is None or target.at_most_worse is None:
        return None
    return relative(before, target.at_most_worse, 1 if METRICS[target.metric].higher_is_better else -1).value


def volume(judged: Sequence[Judged]) -> Markup:
    """Return the picture of how many rows came in each window."""
    points = [
        Point(each.reading.window.start, float(each.reading.arrivals.rows), bad=_gap(each)) for each in judged
    ]
    expected = [(each.reading.window.start, _expected(each.reading)) for each in judged]
    known = [(at, value) for at, value in expected if value is not None]
    levels = [Level("expected", tuple(at for at, _ in known), tuple(value for _, value in known))]
    return over_time("volume", volume_said(judged), points, levels if known else [], bars=True)


def volume_said(judged: Sequence[Judged]) -> str:
    """Say how many rows came."""
    if not judged:
        return "no window yet"
    rows = [each.reading.arrivals.rows for each in judged]
    gaps = sum(_gap(each) for each in judged)
    said = f"{sum(rows):,} rows in {counted(len(rows), 'window')}, from {min(rows):,} to {max(rows):,} in one"
    said += f"; {counted(gaps, 'window')} with too few rows or a silence" if gaps else ""
    expected = _expected(judged[-1].reading)
    return said if expected is None else f"{said}; {expected:,.0f} expected in the newest"


def silences(judged: Sequence[Judged]) -> list[str]:
    """Return the silences that the verdicts counted, the newest first."""
    found = [
        f"{span(each.reading.window)}: silent for {lasting(arrivals.longest_silence)} from "
        f"{moment(arrivals.silence_began)}"
        for each in reversed(judged)
        if _breached(each.verdict.of("freshness"))
        and (arrivals := each.reading.arrivals).longest_silence > timedelta(0)
    ]
    rest = len(found) - _MOST_SILENCES
    return [*found[:_MOST_SILENCES], *([f"and {rest} earlier ones"] if rest > 0 else [])]


def _expected(reading: Reading) -> float | None:
    if reading.usual_rows is not None:
        return reading.usual_rows
    rate = None if reading.baseline is None else reading.baseline.rate
    return None if rate is None else rate * reading.window.length.total_seconds()


def _gap(each: Judged) -> bool:
    return _breached(each.verdict.of("volume")) or _breached(each.verdict.of("freshness"))


def _breached(verdict: ObjectiveVerdict | None) -> bool:
    return verdict is not None and verdict.status is Status.BREACHED


def _key(name: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in name)
