"""The truth about the demo's data, which its modules state, and the streams that are made of them."""

from datetime import UTC, datetime, timedelta
from functools import cache

import pandas as pd
import pytest

from demo.clocks import evenly, halves, numbered, replayed
from demo.fleet import FLEET
from demo.making import Making
from demo.model import DemoModel
from demo.sets import bank, bike, commits
from demo.spans import PER_DAY, SPAN
from profiles.window import Window

DAY = timedelta(days=1)


def named(model: DemoModel) -> str:
    return model.name


@cache
def logs(name: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    return Making(FLEET[name]).logs


def test_bike_lacks_the_hours_that_its_module_states() -> None:
    times = bike.rows()["ts"]
    hours = round((times.max() - times.min()) / timedelta(hours=1)) + 1
    assert hours - len(times) == bike.ABSENT_HOURS
    assert not times.duplicated().any()
    in_2012 = times[times >= bike.YEAR_2012.start]
    long = in_2012[in_2012.diff() > timedelta(hours=7)]
    assert [(at - gap, at) for at, gap in zip(long, in_2012.diff()[long.index], strict=True)] == [
        (gap.start, gap.end) for gap in bike.GAPS
    ]


def test_the_months_without_calls_are_those_that_the_banks_module_states() -> None:
    called = set(bank.rows()["year_month"])
    first, last = datetime(2008, 5, 1, tzinfo=UTC), datetime(2010, 11, 1, tzinfo=UTC)
    months = pd.date_range(first, last, freq="MS")
    assert {at for at in months if f"{at:%Y-%m}" not in called} == {gap.start for gap in bank.GAPS}


def test_texts_of_commits_repeat_and_their_ids_do_not() -> None:
    rows = commits.rows()
    assert rows.duplicated(["text", "label"]).sum() == commits.REPEATED_TEXTS
    assert not rows["request_id"].duplicated().any()


@pytest.mark.parametrize("model", FLEET.values(), ids=named)
def test_a_log_lies_in_its_span_and_repeats_no_id_but_for_an_injected_batch(model: DemoModel) -> None:
    traffic, labels = logs(model.name)
    assert traffic["ts"].min() >= model.serves.start
    assert traffic["ts"].max() < model.serves.end
    repeated = traffic["request_id"].duplicated().any()
    assert repeated == (model.fault is not None and model.fault.code == "duplicated_batch")
    assert not labels["request_id"].duplicated().any()
    assert (labels["arrived_at"] > model.serves.start).all()


@pytest.mark.parametrize("model", FLEET.values(), ids=named)
def test_no_row_is_served_that_was_trained_on(model: DemoModel) -> None:
    parts = model.parts()
    whole = ["row"] if "row" in parts.served else [c for c in parts.served if c not in {"ts", "request_id"}]
    if "ts" in parts.trained and not parts.baselines:
        assert parts.trained["ts"].max() < model.serves.start
        return
    trained = set(parts.trained[whole].itertuples(index=False, name=None))
    assert not trained & set(parts.served[whole].itertuples(index=False, name=None))


def test_a_duration_that_is_known_only_after_the_call_is_never_an_input() -> None:
    assert all("duration" not in (*model.inputs, *model.logged) for model in bank.MODELS)


def test_riders_that_add_up_to_the_target_are_never_an_input() -> None:
    assert all({"casual", "registered", "cnt"}.isdisjoint(model.inputs) for model in bike.MODELS)


@pytest.mark.parametrize("name", ["search.digits", "pricing.bike-rides", "marketing.term-deposit"])
def test_the_same_description_gives_the_same_logs_and_recipe(name: str) -> None:
    first, second = Making(FLEET[name]), Making(FLEET[name])
    for one, other in zip(first.logs, second.logs, strict=True):
        pd.testing.assert_frame_equal(one, other)
    assert first.candidate().recipe == second.candidate().recipe


def test_rows_without_a_clock_are_spread_evenly_in_their_order() -> None:
    window = Window(SPAN.start, SPAN.start + timedelta(hours=4))
    spread = evenly(pd.DataFrame({"x": [1, 2, 3, 4]}), window)
    assert [at.to_pydatetime() - window.start for at in spread["ts"]] == [
        timedelta(minutes=minutes) for minutes in (30, 90, 150, 210)
    ]
    assert list(spread["x"]) == [1, 2, 3, 4]


def test_halves_are_disjoint_and_together_the_whole() -> None:
    one, other = halves(pd.DataFrame({"x": range(101)}), "seed")
    assert (len(one), len(other)) == (50, 51)
    assert set(one["x"]) | set(other["x"]) == set(range(101))


def test_a_replayed_stream_has_each_days_rows_from_that_days_pool_and_no_long_silence() -> None:
    window = Window(SPAN.start, SPAN.start + 3 * DAY)
    second = pd.Timestamp(SPAN.start + DAY)
    ordinary, special = pd.DataFrame({"x": [0]}), pd.DataFrame({"x": [1]})
    stream = replayed(lambda at: special if at == second else ordinary, window, PER_DAY, "seed")
    by_day = stream.groupby(stream["ts"].dt.floor("D"))["x"]
    assert list(by_day.size()) == [PER_DAY] * 3
    assert list(by_day.mean()) == [0, 1, 0]
    assert stream["ts"].diff().max() <= 2 * DAY / PER_DAY
    assert not numbered(stream, "a")["request_id"].duplicated().any()
