"""Freshness and volume: whether the rows come at all. Judged first, because an outage explains the rest."""

from datetime import timedelta

from policies.objectives.evidence import found, inconclusive, no_baseline
from policies.objectives.wording import number, percent, span
from policies.policy import Freshness, Volume
from policies.verdict import SEVERITIES, Finding, ObjectiveVerdict, Severity, Status
from profiles.reading import Reading
from profiles.window import spelled

FRESHNESS = "freshness"
VOLUME = "volume"
_HOUR = 3600.0
# A window is at risk within this share of the expected rows above the limit, or half way to them.
_MARGIN = 0.10
# As few rows have to be rarer than one window in 10,000 of a steady stream.
_RARE = 1e-4
# Labels have stopped when they stay away half as long again as they did before, and half a window.
_LONGER = 1.5


def judge_freshness(reading: Reading, target: Freshness) -> ObjectiveVerdict:
    """Judge the longest silence of a window, and that of its labels: `silent`, `labels_stopped`, in hours.

    A window without any row is breached, unless silences longer than the window itself are allowed: then
    this window alone cannot show a breach, and the answer is inconclusive.
    """
    arrivals, window = reading.arrivals, reading.window
    since = f"from {arrivals.silence_began:%Y-%m-%d %H:%M} UTC"
    allowed = f"at most {spelled(target.at_most)} are allowed"
    if arrivals.rows == 0 and target.at_most > window.length:
        return inconclusive(
            FRESHNESS, f"no rows in the whole window of {span(window.length)} {since}; {allowed}"
        )
    # From here on the window is long enough to show a silence that is too long.
    findings = [*_labels_stopped(reading, target)]
    if arrivals.rows == 0 or arrivals.longest_silence > target.at_most:
        silence = arrivals.longest_silence
        finding = Finding(
            code="silent",
            sentence=f"no rows for {span(silence)} {since}; {allowed}",
            status=Status.BREACHED,
            severity=target.severity,
            measured=silence.total_seconds() / _HOUR,
            limit=target.at_most.total_seconds() / _HOUR,
            rows=arrivals.rows,
        )
        findings.insert(0, finding)
    if findings:
        return found(FRESHNESS, findings)
    # Rows came, and no pause between them or at the edges was too long.
    return ObjectiveVerdict(
        FRESHNESS, Status.MET, f"longest silence {span(arrivals.longest_silence)}; {allowed}"
    )


def labels_limit(reading: Reading) -> timedelta | None:
    """Return how long labels may stay away in a window; None where nobody knows what is usual."""
    usual = reading.usual_label_silence
    return None if usual is None else max(_LONGER * usual, usual + reading.window.length / 2)


def _labels_stopped(reading: Reading, target: Freshness) -> list[Finding]:
    """Find labels that stay away for longer than they used to while traffic goes on."""
    silence, usual = reading.label_silence, reading.usual_label_silence
    limit = labels_limit(reading)
    if silence is None or usual is None or limit is None or reading.arrivals.rows == 0 or silence <= limit:
        return []
    return [
        Finding(
            code="labels_stopped",
            sentence=(
                f"no label arrived for {span(silence)}, at this time at most {span(usual)} are usual; "
                f"{reading.arrivals.rows:,} rows came"
            ),
            status=Status.BREACHED,
            severity=min(target.severity, Severity.HIGH, key=SEVERITIES.index),
            measured=silence / timedelta(hours=1),
            limit=limit / timedelta(hours=1),
            rows=reading.arrivals.rows,
        )
    ]


def judge_volume(reading: Reading, target: Volume) -> ObjectiveVerdict:
    """Judge the number of rows against what is usual at this time, else what the baseline's rate gives.

    Breached below the limit (`at_least` of the expected rows) and without rows. At risk below
    limit + 10 % of the expected rows, but never more than half way from the limit to the expected rows,
    so that traffic at the expected rate is met whatever the limit is. Where so few are usual that a steady
    stream falls below the limit by chance (Poisson, 1 in 10,000), the answer is inconclusive.
    """
    rows = reading.arrivals.rows
    if reading.usual_rows is not None:
        return _beside_usual(rows, reading.usual_rows, target)
    # Too little is known of this time of the week; the baseline knows a rate.
    baseline = reading.baseline
    expected = baseline.rate * reading.window.length.total_seconds() if baseline and baseline.rate else None
    if rows == 0:
        limit = max(1.0, target.at_least * (expected or 0.0))
        return found(VOLUME, [_few("no rows at all", Status.BREACHED, target.severity, 0, limit)])
    # There are rows, so whether they are enough needs an expectation.
    if baseline is None:
        return inconclusive(VOLUME, no_baseline(reading))
    if expected is None:
        return inconclusive(VOLUME, f"the baseline {baseline.name} has no rate of rows to expect")
    return _against(rows, expected, "expected", target)


def _beside_usual(rows: int, usual: float, target: Volume) -> ObjectiveVerdict:
    from scipy.special import pdtr

    if rows < target.at_least * usual and pdtr(rows, usual) > _RARE:
        said = f"{rows:,} rows, and {number(usual)} are usual at this time: too few to tell a collapse"
        return inconclusive(VOLUME, said)
    # What chance leaves over is a matter of the limit alone.
    return _against(rows, usual, "usual at this time", target)


def _against(rows: int, expected: float, whose: str, target: Volume) -> ObjectiveVerdict:
    limit = target.at_least * expected
    sentence = (
        f"{rows:,} rows, {percent(rows / expected)} of the {number(expected)} {whose}; "
        f"at least {percent(target.at_least)} are required"
    )
    if rows < limit:
        return found(VOLUME, [_few(sentence, Status.BREACHED, target.severity, rows, limit)])
    # Enough rows; what remains is how near the limit is.
    if rows < limit + min(_MARGIN * expected, (expected - limit) / 2):
        return found(VOLUME, [_few(sentence, Status.AT_RISK, Severity.LOW, rows, limit)])
    return ObjectiveVerdict(VOLUME, Status.MET, sentence)


def _few(sentence: str, status: Status, severity: Severity, rows: int, limit: float) -> Finding:
    code = "volume_collapse" if status is Status.BREACHED else "few_rows"
    return Finding(code, sentence, status, severity, measured=float(rows), limit=limit, rows=rows)
