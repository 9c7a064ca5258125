"""Every fault of a policy file is said in a plain sentence, with its line, and all at once."""

from pathlib import Path

import pytest

from tests.policies.written import GOOD, faults_of

# what is changed in the good file -> the one fault it gives, with its line
CHANGES = {
    "a minor shift above the significant one": (
        "objectives:",
        "objectives:\n  drift: {minor_shift: 0.9}",
        "8: objectives.drift.minor_shift: 0.9 is more than significant_shift, which is 0.5",
    ),
    "a persistence of no window": (
        "objectives:",
        "objectives:\n  volume: {persistence: 0}",
        "8: objectives.volume.persistence: must be at least 1, not 0",
    ),
    "an allowance without its span": (
        "cadence: 1d",
        "cadence: 1d\nfalse_pages: {allow: 1}",
        "7: false_pages.over: is required, but missing",
    ),
    "an unknown key names its nearest": (
        "cadence: 1d",
        "cadense: 1d\ncadence: 1d",
        "6: cadense: unknown key, did you mean cadence?",
    ),
    "an unknown key inside an objective": (
        "metric: mae,",
        "metric: mae, limmit: 3,",
        "8: objectives.performance.limmit: unknown key, did you mean limit?",
    ),
    "an unknown key like no other lists the known ones": (
        "label: cnt",
        "label: cnt, zzz: 1",
        (
            "5: labels.zzz: unknown key; known are path, label, format, request_id, arrived_at, "
            "arrives_within, value, observed_when, query and connection"
        ),
    ),
    "a missing key": ("timestamp: ts, ", "", "4: traffic.timestamp: is required, but missing"),
    "a wrong word names its nearest": (
        "task: regression",
        "task: regresion",
        (
            "3: task: 'regresion' is not allowed; write regression, classification or ranking, "
            "did you mean regression?"
        ),
    ),
    "a severity that does not exist": (
        "metric: mae,",
        "metric: mae, severity: hihg,",
        (
            "8: objectives.performance.severity: 'hihg' is not allowed; write low, high or critical, "
            "did you mean high?"
        ),
    ),
    "an unknown metric": (
        "metric: mae",
        "metric: mea",
        (
            "8: objectives.performance.metric: 'mea' is not allowed; write mae, rmse, r2, accuracy, "
            "precision, recall, f1, roc_auc, average_precision, log_loss or ndcg, did you mean mae?"
        ),
    ),
    "a metric of another task": (
        "metric: mae",
        "metric: f1",
        (
            "8: objectives.performance.metric: f1 is for classification, and this model does regression; "
            "write one of mae, rmse, r2"
        ),
    ),
    "a bare number where a percentage is meant": (
        "baseline: 10%",
        "baseline: 10",
        (
            "8: objectives.performance.at_most_worse_than_baseline: 10 is not a share; write a "
            "percentage such "
            "as 10%, or a number from 0 to 1"
        ),
    ),
    "two limits": (
        "metric: mae,",
        "metric: mae, limit: 3,",
        "8: objectives.performance.limit: write limit or at_most_worse_than_baseline, not both",
    ),
    "no limit": (
        ", at_most_worse_than_baseline: 10%",
        "",
        "8: objectives.performance: needs a limit; write at_most_worse_than_baseline: 10% or limit: a score",
    ),
    "no metric": (
        "metric: mae, ",
        "",
        (
            "8: objectives.performance.metric: is required, but missing; for regression write one of "
            "mae, rmse, r2"
        ),
    ),
    "performance without labels": (
        'labels: {path: "labels/*.parquet", label: cnt}\n',
        "",
        "7: objectives.performance: needs labels; write where they are under labels, or performance: off",
    ),
    "no cadence anywhere": (
        "cadence: 1d\n",
        "",
        "1: cadence: is required here or in the team's defaults; write how often, such as 1d",
    ),
    "a cadence that is none": (
        "cadence: 1d",
        "cadence: daily",
        "6: cadence: 'daily' is not a cadence; write a number and m, h, d, w or mo, such as 1h or 1d",
    ),
    "a duration without a unit": (
        "label: cnt",
        "label: cnt, arrives_within: 7",
        "5: labels.arrives_within: '7' is not a duration; write a number and m, h, d or w, such as 12h",
    ),
    "yes where a number belongs": (
        "cadence: 1d",
        "cadence: 1d\nminimum_rows: yes",
        "7: minimum_rows: must be a whole number, not yes or no (true/false)",
    ),
    "a number below its least": (
        "cadence: 1d",
        "cadence: 1d\nminimum_rows: 0",
        "7: minimum_rows: must be at least 1, not 0",
    ),
    "a version of the future": (
        "version: 1",
        "version: 2",
        "1: version: 2 is not a version of this format; write 1",
    ),
    "a version that only equals one": (
        "version: 1",
        "version: true",
        "1: version: True is not a version of this format; write 1",
    ),
    "limits of drift in the wrong order": (
        "objectives:\n",
        "objectives:\n  drift: {minor: 0.5}\n",
        "8: objectives.drift.minor: 0.5 is more than significant, which is 0.25",
    ),
    "a distance of zero": (
        "objectives:\n",
        "objectives:\n  drift: {minor: 0}\n",
        "8: objectives.drift.minor: must be more than 0, not 0",
    ),
    "an infinite limit": (
        "at_most_worse_than_baseline: 10%",
        "limit: .inf",
        "8: objectives.performance.limit: must be a finite number, not inf",
    ),
    "an objective that is on without keys": (
        "objectives:\n",
        "objectives:\n  drift: on\n",
        "8: objectives.drift: must hold keys of its own, not yes or no (true/false)",
    ),
    "an empty value": (
        "cadence: 1d",
        "cadence:",
        "6: cadence: has no value; write one, or leave the key out",
    ),
    "a text where a list belongs": (
        "cadence: 1d",
        "cadence: 1d\nowners: me",
        "7: owners: must be a list such as [a, b], not 'me'",
    ),
    "a number where a name belongs": (
        "cadence: 1d",
        "cadence: 1d\nregistered_as: 5",
        "7: registered_as: must be text, not 5",
    ),
    "a name that MLflow refuses": (
        "cadence: 1d",
        "cadence: 1d\nregistered_as: a/b",
        "7: registered_as: 'a/b' is not a registered model's name; MLflow allows neither / nor :",
    ),
    "an empty name": ("label: cnt", "label: ''", "5: labels.label: must not be empty"),
    "another team's model": (
        "pricing.bike",
        "sales.bike",
        "2: model: 'sales.bike' belongs to another team; this folder is 'pricing'",
    ),
    "a model without a team": (
        "pricing.bike",
        "bike",
        "2: model: 'bike' is not a model's name; write team.name in lower-case letters, digits, - and _",
    ),
    "a key written twice": (
        "cadence: 1d",
        "cadence: 1d\ncadence: 1h",
        "7: cadence: written twice; the first is on line 6",
    ),
    "an anchor": (
        "label: cnt",
        "label: &here cnt",
        "5: labels.label: the anchor &here is not allowed; write the value out",
    ),
    "a tag": (
        "cadence: 1d",
        "cadence: !!python/name:os.system 1d",
        "6: cadence: the tag tag:yaml.org,2002:python/name:os.system is not allowed",
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_fault_is_said_with_its_line_and_nothing_else_is(change: str, tmp_path: Path) -> None:
    before, after, expected = CHANGES[change]
    assert before in GOOD
    assert faults_of(tmp_path, GOOD.replace(before, after, 1)) == [expected]


def test_all_faults_of_a_file_are_said_at_once(tmp_path: Path) -> None:
    assert faults_of(
        tmp_path,
        """\
version: 1
model: pricing.bike
task: regresion
traffic:
  path: ../x
  timestamp: ts
  predicton: demand
cadence: &c 1 day
objectives:
  freshnes: off
  drift: {minor: 0.5, ignore: *c}
  performance: {metric: maee, limit: 5}
labels: {path: a.csv, label: b}
""",
    ) == [
        (
            "3: task: 'regresion' is not allowed; write regression, classification or ranking, "
            "did you mean regression?"
        ),
        "4: traffic.prediction: is required, but missing",
        "5: traffic.path: '../x' leads upwards; a path may not hold '..'",
        "7: traffic.predicton: unknown key, did you mean prediction?",
        "8: cadence: '1 day' is not a cadence; write a number and m, h, d, w or mo, such as 1h or 1d",
        "8: cadence: the anchor &c is not allowed; write the value out",
        "10: objectives.freshnes: unknown key, did you mean freshness?",
        "11: objectives.drift.minor: 0.5 is more than significant, which is 0.25",
        "11: objectives.drift.ignore: the alias *c is not allowed; write the value out",
        (
            "12: objectives.performance.metric: 'maee' is not allowed; write mae, rmse, r2, accuracy, "
            "precision, recall, f1, roc_auc, average_precision, log_loss or ndcg, did you mean mae?"
        ),
    ]


def test_a_drift_that_ignores_an_unknown_column_names_the_nearest(tmp_path: Path) -> None:
    text = GOOD.replace("demand}", "demand, features: [temp]}").replace(
        "objectives:\n", "objectives:\n  drift: {ignore: [demand, tmep]}\n"
    )
    assert faults_of(tmp_path, text) == [
        (
            "8: objectives.drift.ignore[1]: column 'tmep' is neither a feature nor the prediction, "
            "did you mean temp?"
        )
    ]
