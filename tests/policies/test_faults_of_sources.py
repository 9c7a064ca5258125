"""Every fault of what a policy file says of traffic and labels is said in a plain sentence, with its line."""

from pathlib import Path

import pytest

from tests.policies.written import GOOD, faults_of

# what is changed in the good file -> the one fault it gives, with its line
CHANGES = {
    "a path that leads upwards": (
        "bike/*.parquet",
        "../bike/*.parquet",
        "4: traffic.path: '../bike/*.parquet' leads upwards; a path may not hold '..'",
    ),
    "text that is ignored": (
        'traffic: {path: "bike/*.parquet",',
        'traffic: {path: "bike/*.parquet", text: [note], ignore: [note],',
        "4: traffic.text[0]: column 'note' is not profiled at all",
    ),
    "text that is an embedding": (
        'traffic: {path: "bike/*.parquet",',
        'traffic: {path: "bike/*.parquet", text: [note], embeddings: [x, note],',
        "4: traffic.embeddings[1]: column 'note' is text as well; choose one",
    ),
    "an embedding with another role": (
        'traffic: {path: "bike/*.parquet",',
        'traffic: {path: "bike/*.parquet", embeddings: [v], version: v,',
        "4: traffic.embeddings[0]: column 'v' has another role",
    ),
    "a path and a query": (
        'traffic: {path: "bike/*.parquet",',
        'traffic: {path: "bike/*.parquet", query: "select :since, :until", connection: A,',
        "4: traffic.query: write path or query, not both",
    ),
    "neither path nor query": (
        'traffic: {path: "bike/*.parquet",',
        "traffic: {",
        "4: traffic.path: is required, but missing; write it, or query and connection",
    ),
    "a query without its parameters": (
        'traffic: {path: "bike/*.parquet",',
        'traffic: {query: "select now()::since", connection: A,',
        (
            "4: traffic.query: does not use :since and :until; write a condition such as "
            "ts >= :since and ts < :until"
        ),
    ),
    "a query without a connection": (
        'traffic: {path: "bike/*.parquet",',
        'traffic: {query: "select :since, :until",',
        (
            "4: traffic.connection: is required with a query; write the environment variable that holds the "
            "database's URL"
        ),
    ),
    "a connection that is no name": (
        'traffic: {path: "bike/*.parquet",',
        'traffic: {query: "select :since, :until", connection: "postgresql://me:secret@host/db",',
        (
            "4: traffic.connection: is not the name of an environment variable; write a name such as "
            "WAREHOUSE_URL"
        ),
    ),
    "a password in an address": (
        '"bike/*.parquet"',
        '"s3://key:secret@bike/*.parquet"',
        "4: traffic.path: holds a name or password; give those where Muster runs, never here",
    ),
    "a date without its year": (
        '"bike/*.parquet"',
        '"bike/{date:%m-%d}/*.parquet"',
        "4: traffic.path: a date needs its year; write {date:%Y-%m-%d}",
    ),
    "two ways to tell the version": (
        "traffic: {",
        'traffic: {version: v, version_is: "7", ',
        "4: traffic.version_is: write version or version_is, not both",
    ),
    "a sensitive column that is not profiled": (
        "traffic: {",
        "traffic: {sensitive: [who], ignore: [who], ",
        "4: traffic.sensitive[0]: column 'who' is not profiled at all",
    ),
    "a path without a telling suffix": (
        "bike/*.parquet",
        "bike/",
        "4: traffic.path: the suffix of 'bike/' tells no format; write format: parquet, csv or jsonl",
    ),
    "one column in two roles": (
        "prediction: demand",
        "prediction: ts",
        "4: traffic.prediction: column 'ts' is already the timestamp",
    ),
    "a feature that is ignored": (
        "demand}",
        "demand, features: [a, b], ignore: [b]}",
        "4: traffic.ignore[0]: column 'b' is listed as a feature as well",
    ),
    "a feature listed twice": (
        "demand}",
        "demand,\n  features: [a, b,\n a]}",
        "6: traffic.features[2]: column 'a' is listed twice",
    ),
    "a timestamp among the features": (
        "demand}",
        "demand, features: [ts]}",
        "4: traffic.features[0]: column 'ts' is the timestamp",
    ),
    "a prediction that is ignored": (
        "demand}",
        "demand, ignore: [demand]}",
        "4: traffic.ignore[0]: column 'demand' is the prediction, not to be ignored",
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_fault_of_a_source_is_said_with_its_line_and_nothing_else_is(change: str, tmp_path: Path) -> None:
    before, after, expected = CHANGES[change]
    assert before in GOOD
    assert faults_of(tmp_path, GOOD.replace(before, after, 1)) == [expected]
