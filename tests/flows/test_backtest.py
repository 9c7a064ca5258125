"""A backtest of a made-up shop whose prices change their meaning: retrained, promoted, and repeatable."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from sklearn.linear_model import LinearRegression

from docs.embed import CHECKOUT
from flows.backtest import Order, prepared, run
from flows.backtest_acts import act
from flows.backtest_flow import backtest
from flows.backtest_world import own_policy
from policies.remediation import Canary, Recipe, Remediation, Retrain
from profiles.errors import MusterError
from reports.backtest_page import backtest_page, summary
from reports.backtest_shape import backtests_json
from reports.backtested import Backtested
from tests.fakes import DAY, START, loaded, policy

DAYS, CHANGED, UNTIL = 26, 12, START + 9 * DAY
ROWS = 60


def write(root: Path) -> None:
    """From day 12 on the price is -20 x instead of 10 x; labels come a day after their request."""
    random = np.random.default_rng(3)
    count = DAYS * ROWS
    asked = [START + k * DAY / ROWS for k in range(count)]
    x = random.normal(size=count)
    slope = np.where(np.arange(count) < CHANGED * ROWS, 10.0, -20.0)
    ids = [str(k) for k in range(count)]
    stamp = pa.timestamp("us", "UTC")
    for folder in ("traffic", "labels"):
        (root / folder).mkdir(parents=True)
    pq.write_table(pa.table({"ts": pa.array(asked, stamp), "id": ids, "x": x}), root / "traffic/a.parquet")
    paid = slope * x + random.normal(size=count)
    came = pa.array([at + DAY for at in asked], stamp)
    pq.write_table(pa.table({"id": ids, "paid": paid, "arrived": came}), root / "labels/a.parquet")


def order(root: Path, **changes: Any) -> Order:
    """The shop's policy, acting with small limits."""
    remediation = Remediation(
        retrain=Retrain(cooldown=2 * DAY, give_up_after=9),
        recipe=Recipe(recent=(timedelta(days=6),), minimum_rows=100),
        canary=Canary(steps=(0.2,), rows=5),
    )
    made = replace(policy(), minimum_rows=30, remediation=remediation)
    return replace(
        Order(loaded(made), root, LinearRegression(), root / "state" / "shop", baseline_until=UNTIL),
        **changes,
    )


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("backtest")
    write(found)
    return found


@pytest.fixture(scope="module")
def replayed(root: Path) -> Backtested:
    return backtest(order(root))


def test_a_model_that_went_bad_is_retrained_promoted_and_recovers(replayed: Backtested) -> None:
    kinds = [event.kind for event in replayed.events]
    assert kinds.index("page") < kinds.index("retrained") < kinds.index("promoted")
    assert replayed.windows[-1].version != "1"
    last = replayed.windows[-1]
    assert last.loop is not None
    assert last.frozen is not None
    assert last.loop < last.frozen
    ratio = replayed.against("frozen")
    assert ratio is not None
    assert ratio > 1


def test_the_end_of_the_recording_is_no_silence(replayed: Backtested) -> None:
    assert not [event for event in replayed.events if event.sentence.startswith("silent")]


def test_before_anything_was_promoted_loop_and_frozen_are_the_same(replayed: Backtested) -> None:
    first = next(e.at for e in replayed.events if e.kind in {"canaried", "promoted"})
    before = [each for each in replayed.windows if each.window.end <= first]
    assert before
    assert all(each.loop == each.frozen for each in before)


def test_the_same_order_gives_the_same_answer(root: Path, replayed: Backtested) -> None:
    again = backtest(order(root, state=root / "state" / "again"))
    assert backtests_json([again]) == backtests_json([replayed])


def test_nothing_depends_on_a_label_before_it_arrives(root: Path, tmp_path: Path) -> None:
    # Two pasts that differ only in what arrived after a moment are the same up to that moment.
    moment = START + 16 * DAY
    other = tmp_path / "other"
    write(other)
    labels = pq.read_table(other / "labels/a.parquet")
    late = pc.greater(labels.column("arrived"), pa.scalar(moment))
    swapped = pc.if_else(late, pc.multiply(labels.column("paid"), -3.0), labels.column("paid"))
    pq.write_table(labels.set_column(1, "paid", swapped), other / "labels/a.parquet")
    told = []
    for here in (root, other):
        replay = prepared(order(here, state=tmp_path / f"state of {here.name}"))
        with replay.world.ledger as ledger:
            run(replay, act)
            told.append(
                [(e.at, e.reason) for e in ledger.transitions(replay.policy.model) if e.at <= moment]
                + [(i.recorded_at, i.intent.key) for i in ledger.intents() if i.recorded_at <= moment]
            )
    assert len(told[0]) > 1
    assert told[0] == told[1]


def test_the_log_says_who_answered(root: Path, replayed: Backtested) -> None:
    files = sorted((root / "state" / "shop" / "traffic").glob("*.parquet"))
    assert len(files) == DAYS
    said = {v for file in files for v in pq.read_table(file).column("answered_by").to_pylist()}
    assert {"1", replayed.windows[-1].version} <= said


def test_a_record_has_no_feed_that_could_break() -> None:
    own = own_policy(policy())
    assert (own.freshness, own.volume) == (None, None)
    assert own.quality == policy().quality


def test_a_folder_with_something_else_in_it_is_left_alone(root: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("precious")
    with pytest.raises(MusterError, match="something else than an earlier backtest"):
        prepared(order(root, state=tmp_path))
    assert (tmp_path / "mine").exists()


def test_a_model_without_labels_cannot_be_replayed(root: Path) -> None:
    given = order(root)
    blind = replace(given.loaded, policy=replace(given.loaded.policy, labels=None))
    with pytest.raises(MusterError, match="needs labels and a performance objective"):
        prepared(replace(given, loaded=blind))


def test_too_little_to_train_on_is_said(root: Path) -> None:
    with pytest.raises(MusterError, match="name a later --baseline-until"):
        prepared(order(root, baseline_until=START + 2 * DAY))


def test_the_page_tells_everything_and_needs_nothing_else(replayed: Backtested) -> None:
    page = backtest_page(replayed)
    assert summary(replayed) in page
    assert page.count("<svg") == 1
    assert "http:" not in re.sub(r'xmlns(:\w+)?="[^"]+"', "", page)
    assert "https:" not in page
    assert all(word in page for word in ("promoted", "retrained", "never retrained", "schedule"))


def fields(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the fields of an answer as the page spells them."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield from fields(part, f"{path}.{key}".removeprefix("."))
    elif isinstance(value, list):
        for part in value:
            yield from fields(part, f"{path}[]")
    else:
        yield path, value


def test_json_has_exactly_the_fields_that_the_page_describes(replayed: Backtested) -> None:
    page = (CHECKOUT / "docs" / "backtest.md").read_text()
    described = dict(re.findall(r"^\| `([^`]+)` \| ([^|]+) \|", page, re.MULTILINE))
    found = list(fields(json.loads(json.dumps(backtests_json([replayed])))))
    assert {path for path, _ in found} == set(described)
    types: dict[str, Any] = {"text": str, "number": (int, float), "whole number": int, "null": type(None)}
    for path, value in found:
        assert any(isinstance(value, types[kind]) for kind in described[path].split(" or ")), path
