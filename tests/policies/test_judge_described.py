"""Columns of text and of embeddings are judged like others, and say what moved in their own words."""

from dataclasses import replace
from typing import Any

import pytest

from policies.judge import judge
from policies.verdict import ObjectiveVerdict, Status
from profiles.reading import ColumnComparison, Distances, Reading
from tests.policies.readings import POLICY, category, compared, number, seen


def text(new: float | None = 0.0, chance: float = 0.02, **kw: Any) -> ColumnComparison:
    kw = {"new_word_share": None if new is None else new + 0.04, "smallest_shift": 0.03, **kw}
    return compared("note", "text", Distances(new_words=new), Distances(new_words=chance), **kw)


def embedding(mmd: float | None = 0.0, chance: float = 0.02, **kw: Any) -> ColumnComparison:
    kw = {"dimension": 384, "baseline_dimension": 384, "smallest_shift": 0.031, **kw}
    return compared("vector", "embedding", Distances(mmd=mmd), Distances(mmd=chance), **kw)


def answer(objective: str, read: Reading) -> ObjectiveVerdict:
    found = judge(read, POLICY).of(objective)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("column", "status", "sentence"),
    [
        (
            text(0.3),
            Status.BREACHED,
            (
                "note moved: 34 % of its words are new, 30 % more than expected, significant from 10 % on, "
                "by chance up to 2 %; 1,000 rows"
            ),
        ),
        (
            text(0.06),
            Status.AT_RISK,
            (
                "note moved: 10 % of its words are new, 6 % more than expected, minor from 5 % on, "
                "by chance up to 2 %; 1,000 rows"
            ),
        ),
        (
            embedding(0.12),
            Status.BREACHED,
            "embedding vector moved: MMD 0.12, significant from 0.1 on, by chance up to 0.02; 1,000 rows",
        ),
        (
            embedding(0.07),
            Status.AT_RISK,
            "embedding vector moved: MMD 0.07, minor from 0.05 on, by chance up to 0.02; 1,000 rows",
        ),
    ],
)
def test_a_movement_is_said_in_the_words_of_its_kind(
    column: ColumnComparison, status: Status, sentence: str
) -> None:
    verdict = answer("drift", seen(number(), column))
    assert (verdict.status, verdict.findings[0].sentence) == (status, sentence)
    assert (verdict.findings[0].code, verdict.findings[0].column) == ("drift", column.column)


@pytest.mark.parametrize(
    "column",
    [text(0.3, 0.4), text(0.04), embedding(0.12, 0.2), embedding(0.04)],
    ids=["words, invisible", "words, small", "vectors, invisible", "vectors, small"],
)
def test_what_is_not_visible_or_not_large_is_no_drift(column: ColumnComparison) -> None:
    assert answer("drift", seen(number(), column)).status is Status.MET


def test_no_drift_says_how_small_a_movement_would_have_been_seen() -> None:
    verdict = answer("drift", seen(number(), category(), text(), embedding()))
    assert verdict.reason == (
        "no drift in 4 columns; a shift of 0.2 sd or 5 % of one category's share or 3 % more new words "
        "or an MMD of 0.031 would have been seen"
    )


@pytest.mark.parametrize(
    "column",
    [
        text(None, baseline_kind="category"),
        text(None),
        embedding(None, baseline_kind="other", baseline_dimension=None),
        replace(category("note", psi=0.0), distances=Distances(), baseline_kind="text"),
        compared(
            "vector", "other", Distances(), Distances(), baseline_kind="embedding", baseline_dimension=3
        ),
    ],
    ids=["words, older", "words, lost", "vectors, older", "words, role gone", "vectors, role gone"],
)
def test_beside_a_baseline_that_knows_nothing_of_it_a_column_is_inconclusive_and_not_broken(
    column: ColumnComparison,
) -> None:
    read = seen(number(), column)
    assert answer("drift", read).status is Status.INCONCLUSIVE
    assert column.column in answer("drift", read).reason
    assert answer("quality", read).status is Status.MET


@pytest.mark.parametrize(
    ("column", "code", "sentence"),
    [
        (
            embedding(None, dimension=768),
            "kind_changed",
            "vector holds vectors of 768 numbers; in the baseline of 384; 1,000 rows",
        ),
        (
            embedding(missing_share=0.2, present=800),
            "missing",
            "20 % of vector are missing, in the baseline 0 %; a rise of 5 % is allowed; 1,000 rows",
        ),
        (embedding(constant=True), "constant", "vector is constant; in the baseline it varies; 1,000 rows"),
        (
            compared("note", "number", Distances(), Distances(), baseline_kind="text"),
            "kind_changed",
            "note holds values of kind number; in the baseline text; 1,000 rows",
        ),
        (
            compared(
                "note", "empty", Distances(), Distances(), baseline_kind="text", present=0, missing_share=1.0
            ),
            "all_null",
            "note has no value in any row; in the baseline 0 % are missing; 1,000 rows",
        ),
    ],
)
def test_broken_columns_are_named_as_what_they_are(
    column: ColumnComparison, code: str, sentence: str
) -> None:
    quality = answer("quality", seen(number(), column))
    assert [(f.code, f.sentence) for f in quality.findings] == [(code, sentence)]
    assert answer("drift", seen(number(), column)).status is not Status.BREACHED


def test_what_is_derived_of_a_column_without_values_is_no_fault_of_its_own() -> None:
    gone = compared(
        "note · length", "empty", Distances(), Distances(), baseline_kind="number", rows=0, present=0
    )
    assert answer("quality", seen(number(), gone)).status is Status.MET
