"""What each injected fault does to rows, and to nothing outside its time."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from demo.faults import Fault, NoLabels, NoValues, OtherOutcomes, OtherUnit, SentTwice, Silence

START = datetime(2025, 10, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
BEGAN, ENDED = START + 4 * HOUR, START + 6 * HOUR


def rows() -> pd.DataFrame:
    """Ten hours, a row each; the fault's time holds the rows 4 and 5."""
    times = pd.Series([START + number * HOUR for number in range(10)]).astype("datetime64[us, UTC]")
    return pd.DataFrame(
        {
            "ts": times,
            "request_id": [f"r{number}" for number in range(10)],
            "temperature": [float(number) for number in range(10)],
            "arrived_at": times,
        }
    )


CASES: dict[str, tuple[Fault, Callable[[Fault], pd.DataFrame], str, list[object]]] = {
    "a silent feed loses its rows": (
        Silence(BEGAN, ENDED),
        lambda fault: fault.log(rows()),
        "request_id",
        ["r0", "r1", "r2", "r3", "r6", "r7", "r8", "r9"],
    ),
    "other outcomes come true": (
        OtherOutcomes(BEGAN, ENDED, column="temperature", factor=2.0),
        lambda fault: fault.truth(rows()),
        "temperature",
        [0, 1, 2, 3, 8, 10, 6, 7, 8, 9],
    ),
    "another unit converts the column": (
        OtherUnit(BEGAN, ENDED, column="temperature", factor=1.8, offset=32.0),
        lambda fault: fault.inputs(rows()),
        "temperature",
        [0, 1, 2, 3, 39.2, 41.0, 6, 7, 8, 9],
    ),
    "a column without values is null": (
        NoValues(BEGAN, ENDED, column="temperature"),
        lambda fault: fault.inputs(rows()).fillna(-1),
        "temperature",
        [0, 1, 2, 3, -1, -1, 6, 7, 8, 9],
    ),
    "labels that were held back arrive at the end": (
        NoLabels(BEGAN, ENDED),
        lambda fault: fault.labels(rows()),
        "arrived_at",
        [START + hours * HOUR for hours in (0, 1, 2, 3, 6, 6, 6, 7, 8, 9)],
    ),
    "a batch that is sent twice repeats its ids an hour later": (
        SentTwice(BEGAN, ENDED),
        lambda fault: fault.log(rows()),
        "request_id",
        ["r0", "r1", "r2", "r3", "r4", "r5", "r4", "r6", "r5", "r7", "r8", "r9"],
    ),
}


@pytest.mark.parametrize(("fault", "act", "column", "expected"), CASES.values(), ids=CASES.keys())
def test_a_fault_changes_the_rows_of_its_time(
    fault: Fault, act: Callable[[Fault], pd.DataFrame], column: str, expected: list[object]
) -> None:
    assert list(act(fault)[column]) == expected


@pytest.mark.parametrize("fault", [case[0] for case in CASES.values()], ids=lambda fault: str(fault.code))
def test_a_fault_leaves_what_it_is_given_as_it_was(fault: Fault) -> None:
    given = rows()
    for change in (fault.inputs, fault.truth, fault.log, fault.labels):
        change(given)
    pd.testing.assert_frame_equal(given, rows())
