"""What a policy file says of a model's traffic and of its labels."""

from typing import Annotated

from pydantic import Field

from policies.written_types import Address, ColumnName, Duration, Sql, Variable, VersionName, Word, Written
from profiles.layout import Format


class TrafficFile(Written):
    """The prediction log: one row per answered request."""

    path: Address | None = Field(
        None, description="Folder or glob of the log's files, with {date} where they lie by day"
    )
    timestamp: ColumnName = Field(description="Column with the time of the request; UTC unless it has a zone")
    prediction: ColumnName = Field(description="Column with the model's answer")
    format: Format | None = Field(None, description="Format of the files; default: told by the path's suffix")
    request_id: ColumnName | None = Field(None, description="Column that labels are joined by")
    version: ColumnName | None = Field(None, description="Column that says which model version answered")
    features: tuple[ColumnName, ...] = Field((), description="Input columns; default: all without a role")
    ignore: tuple[ColumnName, ...] = Field((), description="Columns that are not profiled at all")
    probability: ColumnName | None = Field(
        None, description="Column with the probability of class 1, the positive one"
    )
    probabilities: dict[Word, ColumnName] = Field(
        {}, description="Column of each class's probability; one class alone is the positive one"
    )
    group: ColumnName | None = Field(None, description="Column with the query that a ranked row belongs to")
    weight: ColumnName | None = Field(
        None, description="Column with the sampling weight of a row, used in scores and value"
    )
    value: ColumnName | None = Field(None, description="Column with what a prediction was worth")
    latency: ColumnName | None = Field(None, description="Column with the milliseconds that an answer took")
    status: ColumnName | None = Field(None, description="Column that says whether a request succeeded")
    ok: tuple[Word, ...] = Field((), description="Values of status that mean success")
    query: Sql | None = Field(None, description="SQL that returns the rows from :since to :until, for a path")
    connection: Variable | None = Field(
        None, description="Environment variable that holds the URL of the query's database"
    )
    version_is: VersionName | None = Field(
        None, description="The version that answers, where no column says so"
    )
    sensitive: tuple[ColumnName, ...] = Field(
        (), description="Columns of whose values profiles keep digests only"
    )
    text: tuple[ColumnName, ...] = Field(
        (), description="Columns of free text, profiled by lengths, characters and new words"
    )
    embeddings: tuple[ColumnName, ...] = Field(
        (), description="Columns of lists of numbers, compared by MMD on random features"
    )


class LabelsFile(Written):
    """The stream of outcomes, joined to the traffic by request id."""

    path: Address | None = Field(
        None, description="Folder or glob of the label files, with {date} where they lie by day"
    )
    label: ColumnName = Field(description="Column with the outcome")
    format: Format | None = Field(None, description="Format of the files; default: told by the path's suffix")
    request_id: ColumnName | None = Field(None, description="Column to join by; default: the traffic's")
    arrived_at: ColumnName | None = Field(None, description="Column with the time a label became known")
    arrives_within: Duration | None = Field(None, description="When a window's labels are complete, as 7d")
    value: ColumnName | None = Field(
        None, description="Column with what a prediction was worth, where only the outcome tells it"
    )
    observed_when: Annotated[str, Field(min_length=1, max_length=200)] | None = Field(
        None, description="For which decisions alone outcomes exist, in words: the loan was granted"
    )
    query: Sql | None = Field(
        None, description="SQL that returns the labels from :since to :until, for a path"
    )
    connection: Variable | None = Field(
        None, description="Environment variable that holds the URL of the query's database"
    )
