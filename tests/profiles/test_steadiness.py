"""Which columns hold one value per window by nature, and how a profile carries that."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest

from profiles.compare import compare
from profiles.sketch import merge, read, sketch, with_steadiness
from profiles.steadiness import sample_windows, steady_shares
from profiles.whysketches import stock_view
from profiles.window import Cadence, Window

AT = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def month(rate: float, rows: int = 50) -> pa.Table:
    random = np.random.default_rng(int(10 * abs(rate)))
    return pa.table({"rate": np.full(rows, rate), "age": random.normal(40, 9, rows), "none": pa.nulls(rows)})


MONTHS = [month(rate) for rate in (1.1, 1.1, 1.4, -0.2)]


def test_a_share_is_that_of_the_windows_in_which_all_values_were_the_same() -> None:
    mixed = pa.concat_tables([month(1.1), month(1.4)])
    shares = steady_shares(read(sketch(each, at=AT)) for each in [*MONTHS, mixed])
    assert shares == {"rate": 0.8, "age": 0.0}


def test_fewer_than_three_windows_tell_nothing() -> None:
    assert steady_shares(read(sketch(each, at=AT)) for each in MONTHS[:2]) == {}


def test_a_profile_carries_it_to_the_comparison_and_stays_readable_to_others() -> None:
    plain = sketch(pa.concat_tables(MONTHS), at=AT)
    noted = with_steadiness(plain, {"rate": 0.75}, at=AT)
    assert {name: column.steady for name, column in read(noted).columns.items()} == {
        "age": None,
        "none": None,
        "rate": 0.75,
    }
    assert with_steadiness(noted, {}, at=AT) == plain
    found = {each.column: each for each in compare(read(sketch(MONTHS[0], at=AT)), read(noted)).columns}
    assert (found["rate"].constant, found["rate"].baseline_steady) == (True, 0.75)
    assert found["age"].baseline_steady is None
    assert set(stock_view(noted).get_columns()) == {"age", "none", "rate"}


def test_joined_profiles_say_nothing_of_it() -> None:
    noted = with_steadiness(sketch(MONTHS[0], at=AT), {"rate": 1.0}, at=AT)
    assert read(merge([noted, noted], at=AT)).columns["rate"].steady is None


@pytest.mark.parametrize(
    ("cadence", "days", "count"), [("1d", 5, 5), ("1d", 1000, 100), ("1w", 30, 4), ("1mo", 20, 0)]
)
def test_windows_are_spread_over_the_period(cadence: str, days: int, count: int) -> None:
    period = Window(AT + DAY / 2, AT + DAY / 2 + days * DAY)
    if cadence == "1d":
        period = Window(AT, AT + days * DAY)
    found = list(sample_windows(period, Cadence(cadence)))
    assert len(found) == count
    assert all(period.start <= each.start < each.end <= period.end for each in found)
