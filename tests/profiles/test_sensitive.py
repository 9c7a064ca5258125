from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from profiles.compare import compare
from profiles.layout import TrafficLayout
from profiles.see import Sight, see
from profiles.sensitive import digest, discreet, is_card_number
from profiles.sketch import read, sketch
from profiles.window import Window

START = datetime(2026, 3, 1, tzinfo=UTC)
N = 200
CARDS = ("4111111111111111", "5500005555555559", "378282246310005")


def table(**columns: object) -> pa.Table:
    return pa.table({"x": [float(i % 7) for i in range(N)], **columns})


def hidden(rows: pa.Table, *named: str, salt: str = "shop.prices") -> bytes:
    return discreet(sketch(rows, at=START), named, salt, at=START)


@pytest.mark.parametrize(
    ("values", "raw"),
    [
        ([f"customer-{i:05}" for i in range(N)], "customer-00007"),
        (["ann@example.com" if i % 2 else "none" for i in range(N)], "ann@example.com"),
        ([f"card {CARDS[i % 2]}" for i in range(N)], CARDS[0]),
        (["4111 1111-1111 1111"] * N, "1111 1111"),
        (["please call me back at my home, the dog ate the parcel again " * 2] * N, "the dog ate"),
    ],
    ids=["ids", "e-mail addresses", "card numbers", "card numbers with gaps", "free text"],
)
def test_what_looks_sensitive_is_left_out_of_the_bytes(values: list[str], raw: str) -> None:
    plain, kept = sketch(table(who=values), at=START), hidden(table(who=values))
    assert (raw.encode() in plain, raw.encode() in kept) == (True, False)
    column = read(kept).columns["who"]
    assert (column.kind, column.rows, column.missing) == ("category", N, 0)


def test_card_numbers_in_a_column_of_numbers_keep_no_distribution() -> None:
    column = read(hidden(table(card=[int(CARDS[i % 2]) for i in range(N)]))).columns["card"]
    assert (column.kind, column.distribution, column.rows) == ("number", None, N)


@pytest.mark.parametrize(
    "values",
    [["a", "b"] * (N // 2), list(range(10**15, 10**15 + N)), ["4111111111111112"] * N, [1.5] * N],
    ids=["categories", "other large numbers", "digits that fail the check", "numbers"],
)
def test_what_is_harmless_is_left_as_it_is(values: list[object]) -> None:
    assert hidden(table(v=values)) == sketch(table(v=values), at=START)


def test_categories_of_a_named_column_become_digests_that_can_be_compared() -> None:
    before = hidden(table(town=["Rome"] * 150 + ["Bonn"] * 50), "town")
    after = hidden(table(town=["Rome"] * 50 + ["Bonn"] * 50 + ["Oslo"] * 100), "town")
    assert all(name not in before + after for name in (b"Rome", b"Bonn", b"Oslo"))
    assert read(before).columns["town"].categories == {
        digest("Rome", "shop.prices"): 150,
        digest("Bonn", "shop.prices"): 50,
    }
    (town,) = (each for each in compare(read(after), read(before)).columns if each.column == "town")
    assert (town.distances.linf, town.new_category_share) == (0.5, 0.5)


def test_digests_of_two_models_differ() -> None:
    assert digest("Rome", "a.b") != digest("Rome", "a.c")


def test_numbers_and_times_of_a_named_column_keep_their_counts_alone() -> None:
    births = [START + timedelta(days=i, microseconds=1) for i in range(N)]
    kept = read(
        hidden(table(income=[None, *(1000.25 + i for i in range(N - 1))], born=births), "income", "born")
    )
    for name, kind, missing in (("income", "number", 1), ("born", "time", 0)):
        column = kept.columns[name]
        assert (column.kind, column.missing, column.distribution, column.rows) == (kind, missing, None, N)


def test_an_id_that_was_hidden_on_one_side_only_is_no_drift() -> None:
    ids = table(who=[f"customer-{i:05}" for i in range(N)])
    found = compare(read(hidden(ids)), read(sketch(ids, at=START)))
    (who,) = (each for each in found.columns if each.column == "who")
    assert (who.new_category_share, who.constant) == (0.0, False)
    assert who.distances.linf is not None
    assert who.chance.linf is not None
    assert who.distances.linf < who.chance.linf


@pytest.mark.parametrize(
    ("digits", "is_one"),
    [(CARDS[0], True), (CARDS[2], True), ("4111111111111112", False), ("4111", False), ("", False)],
)
def test_luhns_check(digits: str, is_one: bool) -> None:
    assert is_card_number(digits) is is_one


def test_a_watched_window_stores_no_raw_value(tmp_path: Path) -> None:
    at = pa.array([START + timedelta(minutes=i) for i in range(N)], pa.timestamp("us", "UTC"))
    who = [{"town": "Rome" if i % 3 else "Bonn", "mail": f"u{i % 4}@example.com"} for i in range(N)]
    pq.write_table(table(ts=at, y=[1.0] * N, who=who), tmp_path / "a.parquet")
    layout = TrafficLayout("a.parquet", "parquet", "ts", "y", sensitive=("who.town",))
    looking = Sight(layout, None, (), tmp_path, segments=("y",), salt="shop.prices")
    found = see(looking, Window(START, START + timedelta(days=1)), START + timedelta(days=1))
    for profile in (found.profile, found.slices[0].profile):
        assert profile is not None
        assert digest("Rome", "shop.prices").encode() in profile
        assert all(raw not in profile for raw in (b"Rome", b"Bonn", b"@example.com"))
