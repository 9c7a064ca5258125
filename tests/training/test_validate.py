"""Rows that may not be learned from are quarantined with every reason and its numbers."""

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from policies.remediation import Recipe, Remediation
from profiles.reading import Labels
from profiles.sketch import read, sketch
from profiles.window import Window
from tests.fakes import DAY, START, policy
from training.validate import Facts, Quarantine, Validated, validate

POLICY = policy(remediation=Remediation(recipe=Recipe(minimum_rows=500)))
FACTS = Facts(Window(START, START + 90 * DAY), 2_000, 0, Labels(1_900, 0.95, True, 86_400.0, 2 * 86_400.0))
RANDOM = np.random.default_rng(1)
X, KIND = RANDOM.normal(size=2_000), RANDOM.choice(["a", "b"], 2_000)


def rows(**columns: Any) -> Any:
    kept = {name: each for name, each in ({"x": X, "kind": KIND} | columns).items() if each is not None}
    return read(sketch(pa.table(kept), at=START))


BASELINE = rows()


def test_sound_rows_are_validated_and_drift_is_what_is_to_be_learned() -> None:
    assert validate(FACTS, rows(), BASELINE, POLICY) == Validated(1_900)
    drifted = rows(x=X + 2, kind=np.where(RANDOM.random(2_000) < 0.4, "new", KIND))
    assert validate(FACTS, drifted, BASELINE, POLICY) == Validated(1_900)
    assert validate(FACTS, rows(x=X * np.nan), None, POLICY) == Validated(1_900)


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"x": None}, "column x is missing"),
        ({"x": np.full(2_000, np.nan)}, "x has no value in any row"),
        ({"x": np.where(RANDOM.random(2_000) < 0.3, np.nan, X)}, "of x are missing"),
        ({"x": np.full(2_000, 1.0)}, "x is constant"),
        ({"x": [f"{each:.2f}" for each in X]}, "kind category; in the baseline number"),
        ({"x": X + 100}, "of x lie outside the baseline's range; 50 % are allowed"),
        ({"kind": ["c"] * 1_500 + ["a"] * 500}, "are values new to the baseline"),
    ],
)
def test_broken_columns_are_quarantined(columns: dict[str, Any], said: str) -> None:
    found = validate(FACTS, rows(**columns), BASELINE, POLICY)
    assert isinstance(found, Quarantine)
    assert said in found.sentence


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        (replace(FACTS, labels=Labels(320, 0.9, True)), "320 labelled rows, 500 are needed"),
        (replace(FACTS, labels=Labels(600, 0.3, True)), "30 % of 2,000 rows have a label, 50 % are needed"),
        (replace(FACTS, labels=Labels(1_900, 0.95, True, 1.0, 4 * 86_400.0)), "came 4.0 days or more after"),
        (replace(FACTS, duplicates=300), "300 rows repeat a request id, 15 % of 2,000; 5 % are allowed"),
    ],
)
def test_rows_as_a_whole_are_quarantined(facts: Facts, said: str) -> None:
    found = validate(facts, rows(), BASELINE, POLICY)
    assert isinstance(found, Quarantine)
    assert found.reasons == (found.sentence,)
    assert said in found.sentence


def test_every_reason_is_told() -> None:
    few = replace(FACTS, labels=Labels(5, 0.01, True))
    found = validate(few, rows(x=None), BASELINE, POLICY)
    assert isinstance(found, Quarantine)
    assert len(found.reasons) == 3
