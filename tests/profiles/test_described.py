"""Columns of text and embeddings in profiles: what is kept, what is compared, and what is never kept."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from profiles import whyfile
from profiles.compare import compare
from profiles.described import Described, is_derived
from profiles.layout import Format, TrafficLayout
from profiles.profile import Profile
from profiles.reading import ColumnComparison, Comparison
from profiles.see import Sight, see
from profiles.sensitive import discreet
from profiles.sketch import merge, read, sketch
from profiles.whysketches import stock_view
from profiles.window import Window
from tests.profiles.embedded import SHAPES

AT = datetime(2026, 3, 1, tzinfo=UTC)
ROLES = Described(("note",), ("vector",), "shop.tickets")
SECRETS = ("Marguerite", "insulin", "Bonifacio")
DERIVED = ("length", "words", "digits", "punctuation", "capitals", "blanks", "non-ASCII")


def rows(n: int, seed: int = 0, *, words: str = "late lost broken thanks parcel refund") -> pa.Table:
    random = np.random.default_rng(seed)
    known = np.array(words.split())
    notes = [" ".join(known[random.integers(0, known.size, random.integers(2, 9))]) for _ in range(n)]
    vectors = SHAPES["clusters"](random, n)
    return pa.table({
        "note": pa.array([None if i % 10 == 9 else note for i, note in enumerate(notes)]),
        "vector": pa.array(vectors.tolist(), pa.list_(pa.float32())),
        "x": random.normal(size=n),
    })  # fmt: skip


def profile(table: pa.Table, roles: Described = ROLES) -> Profile:
    return read(sketch(table, at=AT, roles=roles))


def of(comparison: Comparison, name: str) -> ColumnComparison:
    return next(each for each in comparison.columns if each.column == name)


def test_a_described_column_has_derived_ones_beside_it_with_a_row_for_each_value() -> None:
    found = profile(rows(200)).columns
    assert set(found) == {"x", "note", "vector", "vector · norm", *(f"note · {each}" for each in DERIVED)}
    assert [(c.kind, c.rows, c.missing) for c in (found["note"], found["vector"])] == [
        ("text", 200, 20),
        ("embedding", 200, 0),
    ]
    assert [(c.kind, c.rows) for name, c in found.items() if name.startswith("note · ")] == [
        ("number", 180)
    ] * 7


def test_the_bytes_do_not_depend_on_order_or_chunks_and_parts_merge_to_the_whole() -> None:
    table = rows(300)
    mixed = table.take(pa.array(np.random.default_rng(1).permutation(300)))
    pieces = pa.concat_tables([mixed.slice(0, 5), mixed.slice(5, 100), mixed.slice(105)])
    whole = sketch(table, at=AT, roles=ROLES)
    assert sketch(pieces, at=AT, roles=ROLES) == whole
    parts = [sketch(table.slice(*cut), at=AT, roles=ROLES) for cut in ((0, 40), (40, 60), (100,))]
    together = read(merge(parts, at=AT)).columns
    for name, column in read(whole).columns.items():
        other = together[name]
        assert (other.kind, other.rows, other.missing) == (column.kind, column.rows, column.missing)
        if column.words is not None and other.words is not None:
            assert (other.words.buckets == column.words.buckets).all()
            assert (other.words.uses, other.words.squares) == (column.words.uses, column.words.squares)
        if column.vectors is not None and other.vectors is not None:
            assert (other.vectors.sums == column.vectors.sums).all()
            assert (other.vectors.products == column.vectors.products).all()


def test_a_part_without_values_does_not_lose_the_others_sums() -> None:
    table = rows(100)
    empty = table.slice(0, 3).set_column(0, "note", pa.nulls(3, pa.string()))
    empty = empty.set_column(1, "vector", pa.nulls(3, pa.list_(pa.float32())))
    found = read(merge([sketch(each, at=AT, roles=ROLES) for each in (table, empty)], at=AT)).columns
    assert found["note"].words is not None
    assert found["note"].words.rows == 90
    assert found["vector"].vectors is not None
    assert (found["vector"].vectors.rows, found["vector"].missing) == (100, 3)


def test_stock_whylogs_reads_the_profile_and_a_profile_that_it_merged_has_no_sums() -> None:
    data = sketch(rows(100), at=AT, roles=ROLES)
    view = stock_view(data)
    assert view.get_column("note").get_metric("counts").n.value == 100
    found = read(view.merge(stock_view(sketch(rows(50, 1), at=AT, roles=ROLES))).serialize()).columns
    assert (found["note"].kind, found["note"].rows, found["note"].words) == ("text", 150, None)
    assert (found["vector"].kind, found["vector"].vectors) == ("embedding", None)
    assert of(compare(read(data), Profile(150, found)), "vector").distances.mmd is None


def test_new_words_and_other_vectors_show() -> None:
    baseline, now = profile(rows(2000)), rows(500, 1, words="late lost broken thanks paket geld")
    now = now.set_column(1, "vector", pa.array(SHAPES["everywhere"](np.random.default_rng(0), 500).tolist()))
    same, moved = compare(profile(rows(500, 1)), baseline), compare(profile(now), baseline)
    for name, distance in (("note", "new_words"), ("vector", "mmd")):
        quiet, loud = of(same, name), of(moved, name)
        assert getattr(quiet.distances, distance) <= getattr(quiet.chance, distance)
        assert getattr(loud.distances, distance) > 3 * getattr(loud.chance, distance)
    assert of(moved, "note").new_word_share == pytest.approx(1 / 3, abs=0.03)
    assert of(same, "vector").smallest_shift == pytest.approx(0.1, abs=0.06)


def test_a_baseline_without_the_roles_has_the_columns_and_no_distances() -> None:
    found = compare(profile(rows(200)), profile(rows(200), Described()))
    assert found.missing_columns == ()
    assert [of(found, name).distances for name in ("note", "vector")] == [
        type(of(found, "x").distances)()
    ] * 2
    assert [of(found, n).baseline_kind for n in ("note", "vector")] == ["category", "other"]


def test_what_is_derived_of_a_lost_column_is_not_lost_as_well() -> None:
    baseline = profile(rows(200))
    assert compare(profile(rows(200).select(["x"])), baseline).missing_columns == ("note", "vector")
    numbers = rows(200).set_column(0, "note", pa.array(np.arange(200.0)))
    found = compare(profile(numbers), baseline)
    assert (found.missing_columns, of(found, "note").kind) == ((), "number")


@pytest.mark.parametrize(
    ("name", "derived"), [("note · length", True), ("a · b · norm", True), ("note", False), (" · x", False)]
)
def test_derived_columns_are_known_by_their_names(name: str, derived: bool) -> None:
    assert is_derived(name, {"note", "a · b"}) is derived


def test_text_that_is_not_utf8_and_lists_that_are_not_numbers_are_counted() -> None:
    broken = pa.StringArray.from_buffers(1, pa.py_buffer(np.array([0, 1], np.int32)), pa.py_buffer(b"\xff"))
    found = profile(pa.table({"note": broken, "vector": pa.array([["a"]])})).columns
    assert {name: column.kind for name, column in found.items()} == {"note": "other", "vector": "other"}


@pytest.mark.parametrize("column", ["note", "vector"])
def test_a_damaged_description_names_its_column(column: str) -> None:
    from profiles.errors import ProfileUnreadable

    contents = whyfile.read(sketch(rows(20), at=AT, roles=ROLES))
    note = json.loads(contents.metadata[f"muster.{column}"])
    note[{"note": "words", "vector": "vectors"}[column]]["rows"] = "many"
    metadata = {**contents.metadata, f"muster.{column}": json.dumps(note)}
    with pytest.raises(ProfileUnreadable, match=column):
        read(whyfile.write(replace(contents, metadata=metadata), AT))


def described_rows() -> list[dict[str, Any]]:
    secrets = [f"{name} needs {SECRETS[1]} by {i} o'clock" for i, name in enumerate(SECRETS * 30)]
    return [
        {
            "ts": (AT + timedelta(minutes=i)).isoformat(),
            "y": float(i % 5),
            "town": "Rome" if i % 2 else "Bonn",
            "note": each,
            "vector": [1.0 + i % 3, 0.5, i / 90],
        }
        for i, each in enumerate(secrets)
    ]


@pytest.mark.parametrize("written", ["parquet", "jsonl"])
def test_a_watched_window_keeps_no_word_of_its_texts(tmp_path: Path, written: Format) -> None:
    if written == "parquet":
        pq.write_table(pa.Table.from_pylist(described_rows()), tmp_path / "a.parquet")
    else:
        lines = "\n".join(json.dumps(each) for each in described_rows())
        (tmp_path / "a.jsonl").write_text(lines, encoding="utf-8")
    layout = TrafficLayout(f"a.{written}", written, "ts", "y", text=("note",), embeddings=("vector",))
    looking = Sight(layout, None, (), tmp_path, segments=("town",), salt="shop.tickets")
    found = see(looking, Window(AT, AT + timedelta(days=1)), AT + timedelta(days=1))
    profiles = [found.profile, *(each.profile for each in found.slices)]
    assert len(profiles) == 3
    for data in profiles:
        assert data is not None
        assert all(word.encode() not in data and word.lower().encode() not in data for word in SECRETS)
        assert discreet(data, ("note",), "shop.tickets", at=AT) == data
        columns = read(data).columns
        assert (columns["note"].kind, columns["vector"].kind) == ("text", "embedding")
        assert columns["note"].words is not None
        assert columns["note · digits"].distribution is not None
