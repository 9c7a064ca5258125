"""The synthetic clock of stationary streams: three weeks of October 2025, so many rows drawn for each day."""

from datetime import UTC, datetime, timedelta

from profiles.window import Window

SPAN = Window(datetime(2025, 10, 1, tzinfo=UTC), datetime(2025, 10, 22, tzinfo=UTC))
PER_DAY = 240
# The period before, of which a person confirmed that it was usual: its rows are the baseline.
BASELINE = Window(SPAN.start - timedelta(days=14), SPAN.start)
DRAWS = PER_DAY * 14


def day(number: int) -> Window:
    """Return a day of October 2025."""
    start = datetime(2025, 10, number, tzinfo=UTC)
    return Window(start, start + timedelta(days=1))
