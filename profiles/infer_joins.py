"""Which columns join labels to traffic, and the labels beside the rows they belong to."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from profiles.guess import Guess, SampleColumn, vocabulary

IDS = vocabulary("id ids uuid guid ident identifier key ref reference hash sha token trace request serial")
JOINS = 0.5  # share of the label stream's ids that the traffic has to hold
_UNIQUE = 0.98


@dataclass(frozen=True)
class Pair:
    """The columns that join labels to traffic."""

    traffic: SampleColumn
    labels: SampleColumn
    reason: str


def infer_pair(traffic: Sequence[SampleColumn], labels: Sequence[SampleColumn]) -> Pair | None:
    """Find the two columns whose values meet: the ids of the labels among those of the traffic."""
    best, found = 0.0, None
    ours = [column for column in traffic if may_identify(column)]
    for theirs in (column for column in labels if may_identify(column)):
        wanted = set(theirs.keys.dropna())
        for mine in ours:
            held = set(mine.keys.dropna())
            share = len(wanted & held) / min(len(wanted), len(held))
            score = share * mine.uniqueness * theirs.uniqueness
            score += 0.1 * (mine.named(IDS) + theirs.named(IDS)) + 0.1 * (mine.name == theirs.name)
            if share >= JOINS and score > best:
                best = score
                found = Pair(mine, theirs, f"{share:.0%} of the labels' {theirs.name} are among its values")
    return found


def may_identify(column: SampleColumn) -> bool:
    """Say whether a column may name single requests: texts or whole numbers, mostly different."""
    return column.nature in {"text", "whole"} and column.uniqueness >= JOINS and not column.spaced


def infer_request_id(columns: Sequence[SampleColumn]) -> Guess[str] | None:
    """Without labels to join: a column that is different in every row, texts before numbers."""
    unique = [column for column in columns if may_identify(column) and column.uniqueness >= _UNIQUE]
    found = [column for column in unique if column.nature == "text" or column.named(IDS)]
    if not found:
        return None
    best = max(found, key=lambda c: (c.named(IDS), "request" in c.words, c.nature == "text"))
    return Guess(best.name, "different in every row")


def beside(label: SampleColumn, pair: Pair | None, rows: int) -> SampleColumn | None:
    """Return the labels in the order of the traffic's rows, null where a row has none."""
    if len(label.values) == rows and pair is None:
        return label
    if pair is None:
        return None
    table = pd.DataFrame({"key": pair.labels.keys.to_numpy(), "row": np.arange(len(label.values))}).dropna()
    last = table.drop_duplicates("key", keep="last").set_index("key")["row"]
    rows_of = pa.array(last.reindex(pair.traffic.keys.to_numpy()).astype("Int64"), pa.int64())
    return label.take(rows_of)
