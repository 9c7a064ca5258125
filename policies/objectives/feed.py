"""Freshness and volume: whether the rows come at all. Judged first, because an outage explains the rest."""

from policies.objectives.evidence import found, inconclusive, no_baseline
from policies.objectives.wording import number, percent, span
from policies.policy import Freshness, Volume
from policies.verdict import Finding, ObjectiveVerdict, Severity, Status
from profiles.reading import Reading
from profiles.window import spelled

FRESHNESS = "freshness"
VOLUME = "volume"
_HOUR = 3600.0
# A window is at risk within this share of the expected rows above the limit, or half way to them.
_MARGIN = 0.10


def judge_freshness(reading: Reading, target: Freshness) -> ObjectiveVerdict:
    """Judge the longest silence of a window; the finding `silent` measures hours.

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
        return found(FRESHNESS, [finding])
    # Rows came, and no pause between them or at the edges was too long.
    return ObjectiveVerdict(
        FRESHNESS, Status.MET, f"longest silence {span(arrivals.longest_silence)}; {allowed}"
    )


def judge_volume(reading: Reading, target: Volume) -> ObjectiveVerdict:
    """Judge the number of rows against what the baseline's rate leads one to expect.

    Breached below the limit (`at_least` of the expected rows) and always without rows. At risk below
    limit + 10 % of the expected rows, but never more than half way from the limit to the expected rows,
    so that traffic at the baseline's rate is met whatever the limit is.
    """
    rows = reading.arrivals.rows
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
    limit = target.at_least * expected
    sentence = (
        f"{rows:,} rows, {percent(rows / expected)} of the {number(expected)} expected; "
        f"at least {percent(target.at_least)} are required"
    )
    if rows < limit:
        return found(VOLUME, [_few(sentence, Status.BREACHED, target.severity, rows, limit)])
    # Enough rows; what remains is how near the limit is.
    if rows < limit + min(_MARGIN * expected, (expected - limit) / 2):
        return found(VOLUME, [_few(sentence, Status.AT_RISK, Severity.LOW, rows, limit)])
    return ObjectiveVerdict(VOLUME, Status.MET, sentence)


def _few(sentence: str, status: Status, severity: Severity, rows: int, limit: float) -> Finding:
    return Finding("few_rows", sentence, status, severity, measured=float(rows), limit=limit, rows=rows)
