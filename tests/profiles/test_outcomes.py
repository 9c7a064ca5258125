"""Labels become a profile of their own."""

from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest

from profiles.outcomes import outcome_profile
from profiles.profile import Column
from profiles.sketch import read

AT = datetime(2026, 3, 1, tzinfo=UTC)


def profiled(values: Any, *, classes: bool) -> Column | None:
    profile = outcome_profile(pa.table({"label": values}), "paid", classes=classes, at=AT)
    return None if profile is None else read(profile).columns["paid"]


@pytest.mark.parametrize("values", [[1, 0, 1], [1.0, 0.0, 1.0, None], [True, False, True, None]])
def test_classes_are_counted_under_one_spelling(values: list[Any]) -> None:
    column = profiled(values, classes=True)
    assert column is not None
    assert (column.kind, column.categories) == ("category", {"1": 2, "0": 1})
    assert (column.rows, column.missing) == (3, 0)


def test_numbers_stay_numbers() -> None:
    column = profiled([1.5, None, 2.5], classes=False)
    assert column is not None
    assert (column.kind, column.rows) == ("number", 2)


def test_where_no_label_is_known_there_is_no_profile() -> None:
    assert profiled(pa.nulls(3, pa.float64()), classes=False) is None
