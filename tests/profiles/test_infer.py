"""What the columns of a sample mean is told by their values first, and by their names where these help."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from profiles.guess import readable, sample_columns, words
from profiles.infer import Roles, infer_roles

N = 400
START = datetime(2026, 3, 1, tzinfo=UTC)
TIMES = pa.array([START + i * timedelta(minutes=7) for i in range(N)], pa.timestamp("us", "UTC"))
LATER = pa.array(
    [START + i * timedelta(minutes=7) + timedelta(hours=5) for i in range(N)], pa.timestamp("us", "UTC")
)
IDS = [f"q{i * 7919 % 10_000}" for i in range(N)]
RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=N)
TRUTH = 100 * X + RANDOM.normal(size=N)
CLASS = (X > 0).astype(int)


def traffic(**columns: Any) -> pa.Table:
    return pa.table({"a": TIMES, "b": IDS, "c": X, "d": TRUTH + 2 * RANDOM.normal(size=N), **columns})


def labels(**columns: Any) -> pa.Table:
    shuffled = RANDOM.permutation(N)
    return pa.table({"k": IDS, "v": TRUTH, **columns}).take(pa.array(shuffled))


def chosen(found: Roles) -> dict[str, str | None]:
    roles = ("timestamp", "request_id", "prediction", "probability", "version", "label", "label_request_id")
    guesses = {role: getattr(found, role) for role in roles}
    return {role: guess.value for role, guess in guesses.items() if guess is not None}


def test_values_alone_tell_what_names_do_not() -> None:
    found = infer_roles(traffic(), labels(w=LATER))
    assert chosen(found) == {
        "timestamp": "a",
        "request_id": "b",
        "prediction": "d",
        "label": "v",
        "label_request_id": "k",
    }
    assert found.arrived_at is not None
    assert found.arrived_at.value == "w"
    assert found.features == ("c",)
    assert found.task is not None
    assert found.task.value == "regression"


def test_every_guess_has_a_reason() -> None:
    found = infer_roles(traffic(site=["north"] * N, version=["1.2"] * N), labels(w=LATER))
    guesses = [
        getattr(found, role) for role in ("task", "timestamp", "prediction", "version", "label", "arrived_at")
    ]
    assert all(guess.reason for guess in (*guesses, *found.ignore))


@pytest.mark.parametrize(
    ("column", "ignored"),
    [
        ({"site": ["north"] * N}, True),
        ({"empty": pa.nulls(N, pa.float64())}, True),
        ({"row": list(range(N))}, True),
        ({"month": [f"2026-{i // 40 + 1:02}" for i in range(N)]}, True),
        ({"stored": LATER}, True),
        ({"day": pa.array([START.date()] * N)}, True),
        ({"session": [f"s-{i}" for i in range(N)]}, True),
        ({"customer": [f"c{i % 90}" for i in RANDOM.permutation(N)]}, True),
        ({"user_id": RANDOM.integers(0, 300, N)}, True),
        ({"plant": [f"PLT-{i % 90:04}" for i in RANDOM.permutation(N)]}, True),
        ({"postal": [f"{10_000 + i % 90}" for i in RANDOM.permutation(N)]}, False),
        ({"hall": RANDOM.choice([11, 12, 13], N)}, False),
        ({"country": RANDOM.choice(["de", "fr", "it"], N)}, False),
        ({"amount": RANDOM.integers(0, 10**6, N)}, False),
        ({"text": [f"please help me with order {i}" for i in RANDOM.permutation(N)]}, False),
        ({"holiday": RANDOM.random(N) < 0.05}, False),
    ],
)
def test_columns_that_say_nothing_about_inputs_are_ignored(column: dict[str, Any], ignored: bool) -> None:
    found = infer_roles(traffic(**column), labels())
    (name,) = column
    assert (name in {guess.value for guess in found.ignore}) is ignored
    assert (name in found.features) is not ignored


@pytest.mark.parametrize(
    ("values", "version"),
    [
        ({"model_version": [3] * N}, "model_version"),
        ({"who": ["v12", "v13"] * (N // 2)}, "who"),
        ({"who": ["2.0.1"] * N}, "who"),
        ({"who": ["ann", "bob"] * (N // 2)}, None),
        ({"who": ["otter"] * 150 + ["heron"] * 250}, "who"),
        ({"who": [f"{at:%A}" for at in TIMES.to_pylist()]}, None),  # a calendar changes at midnight
        ({"who": ["otter"] * 150 + ["heron"] * 100 + ["otter"] * 150}, None),
    ],
)
def test_a_version_is_named_for_it_or_looks_like_one(values: dict[str, Any], version: str | None) -> None:
    assert chosen(infer_roles(traffic(**values), labels())).get("version") == version


def classified(**columns: Any) -> tuple[pa.Table, pa.Table]:
    sure = np.clip(0.5 + X / 6, 0.0, 1.0)
    answers = {"said": (sure > 0.5).astype(int), "sure": sure, **columns}
    return pa.table({"a": TIMES, "b": IDS, "c": X, **answers}), pa.table({"k": IDS, "v": CLASS})


def test_a_probability_is_told_by_the_answer_that_it_decides() -> None:
    found = infer_roles(*classified())
    assert chosen(found)["prediction"] == "said"
    assert chosen(found)["probability"] == "sure"
    assert found.positive == "1"
    assert found.task is not None
    assert found.task.value == "classification"


def test_the_class_that_a_probability_is_of_is_told_by_the_values() -> None:
    sure = np.clip(0.5 + X / 6, 0.0, 1.0)
    found = infer_roles(*classified(score=1 - sure, sure=X))
    assert chosen(found)["probability"] == "score"
    assert found.positive == "0"


def test_without_labels_only_names_tell_the_prediction() -> None:
    assert "prediction" not in chosen(infer_roles(traffic()))
    assert chosen(infer_roles(traffic(price_forecast=TRUTH)))["prediction"] == "price_forecast"


def test_the_outcome_may_lie_in_the_log_itself() -> None:
    found = infer_roles(traffic(actual=TRUTH))
    assert found.labels_in_traffic
    assert chosen(found)["label"] == "actual"
    assert chosen(found)["prediction"] == "d"
    assert "actual" in {guess.value for guess in found.ignore}


def test_two_columns_as_near_to_the_labels_are_no_guess() -> None:
    twin = TRUTH + 2 * RANDOM.normal(size=N)
    assert "prediction" not in chosen(infer_roles(traffic(e=twin), labels()))


def test_labels_that_do_not_join_have_no_request_id() -> None:
    found = infer_roles(traffic(), pa.table({"k": [f"z{i}" for i in range(N)], "v": TRUTH}))
    assert found.request_id is None
    assert found.label is None  # either of its columns may be the outcome


def test_labels_may_be_revised_and_come_for_some_rows_only() -> None:
    some = pa.concat_tables([labels().slice(0, 200), labels().slice(0, 50)])
    assert chosen(infer_roles(traffic(), some))["request_id"] == "b"


def test_the_time_of_a_request_is_told_from_other_times() -> None:
    assert chosen(infer_roles(traffic(received=LATER), labels()))["timestamp"] == "a"
    assert chosen(infer_roles(pa.table({"birth_date": LATER, "at": TIMES, "x": X})))["timestamp"] == "at"


def test_no_times_are_no_timestamp() -> None:
    assert infer_roles(pa.table({"x": X})).timestamp is None


def test_times_and_days_may_be_written_as_text_and_classes_as_dictionaries() -> None:
    table = readable(
        pa.table(
            {
                "at": [f"2026-03-01T00:{i:02}:00Z" for i in range(60)],
                "day": ["2026-03-01"] * 60,
                "odd": ["2026-03-01", *["soon"] * 59],
                "kind": pa.array(["a", "b"] * 30).dictionary_encode(),
            }
        )
    )
    assert {column.name: column.nature for column in sample_columns(table)} == {
        "at": "time",
        "day": "day",
        "odd": "text",
        "kind": "text",
    }


@pytest.mark.parametrize("name", ["modelVersion", "model_version", "model.version", "MODEL VERSION"])
def test_a_name_is_read_by_its_words(name: str) -> None:
    assert words(name) == {"model", "version"}


@pytest.mark.parametrize(
    ("others", "label"),
    [
        ({"w": RANDOM.normal(size=N)}, "v"),
        ({"w": RANDOM.choice(["x", "y"], N)}, "v"),
        ({"target": TRUTH}, "target"),  # two as near, and one is named for it
        ({"w": TRUTH}, None),
    ],
)
def test_of_several_outcomes_the_one_counts_that_the_traffic_foretells(
    others: dict[str, Any], label: str | None
) -> None:
    assert chosen(infer_roles(traffic(), labels_of(**others))).get("label") == label


def labels_of(**columns: Any) -> pa.Table:
    return pa.table({"k": IDS, "v": TRUTH, **columns})


def test_an_answer_repeated_in_the_labels_is_no_outcome() -> None:
    log = traffic()
    found = infer_roles(log, labels_of(w=log.column("d")))
    assert chosen(found)["label"] == "v"


def three_classes() -> tuple[dict[str, Any], pa.Table]:
    raw = RANDOM.dirichlet([0.4, 0.4, 0.4], N)
    names = np.array(["high", "low", "mid"])
    columns = {"said": names[raw.argmax(axis=1)], **{f"q{i}": raw[:, i] for i in range(3)}}
    right = np.where(RANDOM.random(N) < 0.9, columns["said"], "low")
    return columns, pa.table({"k": IDS, "v": right})


def test_each_class_has_its_column_where_they_sum_to_one() -> None:
    columns, outcomes = three_classes()
    found = infer_roles(pa.table({"a": TIMES, "b": IDS, "c": X, **columns}), outcomes.slice(50))
    assert found.probabilities is not None
    assert found.probabilities.value == {"high": "q0", "low": "q1", "mid": "q2"}
    assert (found.probability, found.features) == (None, ("c",))


def test_columns_that_do_not_sum_to_one_are_no_probabilities() -> None:
    columns, outcomes = three_classes()
    columns["q2"] = columns["q2"] / 2
    found = infer_roles(pa.table({"a": TIMES, "b": IDS, "c": X, **columns}), outcomes)
    assert found.probabilities is None


def test_the_probability_of_the_other_class_is_no_input() -> None:
    sure = np.clip(0.5 + X / 6, 0.0, 1.0)
    found = infer_roles(*classified(unsure=1 - sure))
    assert found.probability is not None
    assert [guess.value for guess in found.ignore] in (["sure"], ["unsure"])
    assert found.features == ("c",)


def test_a_confidence_is_found_where_some_rows_have_no_label() -> None:
    columns, outcomes = three_classes()
    sure = 0.4 + 0.5 * np.asarray(
        [said == known for said, known in zip(columns["said"], outcomes["v"].to_pylist(), strict=True)]
    )
    log = pa.table(
        {"a": TIMES, "b": IDS, "c": X, "said": columns["said"], "how": sure + RANDOM.random(N) / 20}
    )
    found = infer_roles(log, outcomes.slice(40))
    assert chosen(found)["probability"] == "how"
    assert found.positive is None


@pytest.mark.parametrize(
    ("name", "latency"),
    [("took_ms", True), ("latency", True), ("latency_s", False), ("session_ms", False), ("ms", False)],
)
def test_a_latency_is_named_for_it_in_milliseconds(name: str, latency: bool) -> None:
    found = infer_roles(traffic(**{name: np.abs(X)}), labels())
    assert (found.latency is not None) is latency
    assert (name in found.features) is not latency


def test_free_text_and_embeddings_are_told_from_categories_ids_and_baskets() -> None:
    random = np.random.default_rng(3)
    known = np.array(["late", "lost", "broken", "thanks", "parcel", "refund", "where", "is", "my"])
    notes = [" ".join(random.choice(known, 6)) for _ in range(N)]
    found = infer_roles(
        traffic(
            note=notes,
            town=["New York"] * (N // 2) + ["San Jose"] * (N // 2),
            vector=pa.array(random.normal(size=(N, 16)).tolist()),
            fixed=pa.array(random.normal(size=(N, 8)).tolist(), pa.list_(pa.float32(), 8)),
            basket=pa.array([[1, 2, 3, 4, 5, 6, 7, 8][: 1 + i % 8] for i in range(N)]),
            point=pa.array(random.normal(size=(N, 2)).tolist()),
        ),
        labels(),
    )
    assert [(each.value, each.reason) for each in found.text] == [("note", "free text, 6 words on average")]
    assert [(each.value, each.reason) for each in found.embeddings] == [
        ("vector", "lists of 16 numbers"),
        ("fixed", "lists of 8 numbers"),
    ]
    assert {"note", "vector", "town"} <= set(found.features)
