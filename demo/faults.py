"""Faults to inject: what happens to a model's inputs, log or labels, and how it is to be named."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

import pandas as pd


@dataclass(frozen=True)
class Fault:
    """Something that goes wrong from `began` to `ended`; `code` is the kind of incident that it is.

    Each part takes a frame and returns a new one; `ts` is the time of a request, `arrived_at` of a label.
    """

    code: ClassVar[str]
    began: datetime
    ended: datetime

    def inputs(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Return what the model is asked: a broken input also breaks its answers."""
        return rows

    def truth(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Return the asked rows with what comes true."""
        return rows

    def log(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Return what the prediction log holds of the answered rows."""
        return rows

    def labels(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Return what the stream of outcomes holds."""
        return rows

    def _during(self, times: "pd.Series[pd.Timestamp]") -> "pd.Series[bool]":
        return (times >= self.began) & (times < self.ended)


@dataclass(frozen=True)
class Silence(Fault):
    """The feed brings no row; what was asked meanwhile is lost."""

    code = "silent"

    def log(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Leave out the rows of that time."""
        return rows[~self._during(rows["ts"])]


@dataclass(frozen=True)
class OtherOutcomes(Fault):
    """The world changes and the inputs do not show it: numbers come true `factor` times as large."""

    code = "performance"
    column: str
    factor: float

    def truth(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Let what is asked in that time come true otherwise."""
        other = rows[self.column] * self.factor
        return rows.assign(**{self.column: rows[self.column].mask(self._during(rows["ts"]), other)})


@dataclass(frozen=True)
class OtherUnit(Fault):
    """A column comes in another unit: its value * `factor` + `offset`."""

    code = "unit_changed"
    column: str
    factor: float
    offset: float = 0.0

    def inputs(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Convert the column's values of that time."""
        converted = rows[self.column] * self.factor + self.offset
        return rows.assign(**{self.column: rows[self.column].mask(self._during(rows["ts"]), converted)})


@dataclass(frozen=True)
class NoValues(Fault):
    """A column comes without any value."""

    code = "all_null"
    column: str

    def inputs(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Take the column's values of that time away."""
        return rows.assign(**{self.column: rows[self.column].mask(self._during(rows["ts"]))})


@dataclass(frozen=True)
class NoLabels(Fault):
    """The stream of outcomes stands still; all that was held back arrives when it goes on."""

    code = "labels_stopped"

    def labels(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Let the labels of that time arrive at its end."""
        late = rows["arrived_at"].mask(self._during(rows["arrived_at"]), pd.Timestamp(self.ended))
        return rows.assign(arrived_at=late)


@dataclass(frozen=True)
class SentTwice(Fault):
    """A shipper sends the rows of that time once more, an hour later: the same request ids."""

    code = "duplicated_batch"

    def log(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Add the rows of that time again."""
        again = rows[self._during(rows["ts"])]
        return pd.concat([rows, again.assign(ts=again["ts"] + timedelta(hours=1))]).sort_values(
            "ts", kind="stable"
        )
