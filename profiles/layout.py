"""Where a team's rows lie and what their columns mean, as the readers need it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal, TypeAlias

Task: TypeAlias = Literal["regression", "classification", "ranking"]
Format: TypeAlias = Literal["parquet", "csv", "jsonl"]

# The files of a folder, and what a path's end tells of its format.
SUFFIXES: Mapping[Format, tuple[str, ...]] = {
    "parquet": (".parquet",),
    "csv": (".csv", ".csv.gz"),
    "jsonl": (".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz"),
}


@dataclass(frozen=True)
class TrafficLayout:
    """A prediction log: one row per answered request.

    The rows lie in files (`path` and `format`), or a `query` gives them over the connection whose URL the
    environment variable `connection` holds. `features` empty means: every column that has no other role.
    `version` names the column that says who answered, `version_is` is the constant answer; without both,
    whoever served at the time did. Profiles keep no raw value of the columns in `sensitive`. Those in `text`
    and `embeddings` are features that are profiled by what can be said of them (profiles.described).

    `probability` holds that of the positive class 1, `probabilities` maps each class to its column (one
    class alone is the positive one). `group` is the query of a ranked row, `weight` its sampling weight,
    `value` what the prediction was worth, `latency` how long it took in milliseconds. A request whose
    `status` is none of `ok` failed.
    """

    path: str | None
    format: Format | None
    timestamp: str
    prediction: str
    request_id: str | None = None
    version: str | None = None
    features: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    probability: str | None = None
    probabilities: Mapping[str, str] = field(default_factory=dict)
    group: str | None = None
    weight: str | None = None
    value: str | None = None
    latency: str | None = None
    status: str | None = None
    ok: tuple[str, ...] = ()
    query: str | None = None
    connection: str | None = None
    version_is: str | None = None
    sensitive: tuple[str, ...] = ()
    text: tuple[str, ...] = ()
    embeddings: tuple[str, ...] = ()

    @property
    def answers(self) -> Mapping[str, str]:
        """The column of the probability of each class, however it was written."""
        return self.probabilities or ({"1": self.probability} if self.probability else {})


@dataclass(frozen=True)
class LabelLayout:
    """A stream of outcomes, joined to the traffic by request id.

    The rows lie in files or come from a query, as those of the traffic do. `arrived_at` names the column
    that says when a label became known; without one, or where it is null, a label counts as known when
    it is read. After `arrives_within` a window's scores are mature. `value` names the column of what a
    prediction was worth, where that is known with its outcome only. `observed_when` says in words for which
    decisions alone outcomes exist, None where they come for all.
    """

    path: str | None
    format: Format | None
    label: str
    request_id: str
    arrives_within: timedelta
    arrived_at: str | None = None
    query: str | None = None
    connection: str | None = None
    value: str | None = None
    observed_when: str | None = None
