"""Calls of a Portuguese bank's campaign, May 2008 to November 2010: will the client subscribe?

Real: a financial crisis. Few subscribe in the first blocks of calls, half of those called in the last one,
and every economic indicator leaves its old range. The rows are in the order of the calls; beyond that only
the month is known, so both clocks are made up and said:

- by blocks: every 2,000 rows are one month, the first of them May 2008. The first eight train.
- by months: the rows of a calendar month are spread evenly over it. The months in GAPS have no calls at all.

`duration` is known only after the call, so no model uses it. No row comes twice.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import Any

import pandas as pd
from dateutil.relativedelta import relativedelta

from demo.clocks import drawn, evenly, halves, numbered, replayed
from demo.faults import Silence
from demo.model import TIME, BaselineRows, DemoModel, Parts
from demo.spans import BASELINE, PER_DAY, SPAN, day
from profiles.window import Window

DATA = Path(__file__).parents[1] / "data" / "bank_marketing.parquet"
BLOCK = 2_000
TRAINED_BLOCKS, BLOCKS = 8, 21
FIRST = datetime(2008, 5, 1, tzinfo=UTC)
HOURLY = Window(day(1).start, day(6).start)
PER_HOUR = 120

_CATEGORIES = (
    "job",
    "marital",
    "education",
    "default",
    "housing",
    "loan",
    "contact",
    "day_of_week",
    "poutcome",
)
_NUMBERS = ("age", "campaign", "pdays", "previous")
_CLIENT = (*_NUMBERS, *_CATEGORIES)
_INDICATORS = ("emp_var_rate", "cons_price_idx", "cons_conf_idx", "euribor3m", "nr_employed")
_CRISIS = "a financial crisis: subscriptions rise from 6 % to 51 %"


def month(number: int) -> Window:
    """Return the month of a block of rows by the clock of blocks."""
    return Window(FIRST + relativedelta(months=number), FIRST + relativedelta(months=number + 1))


def calendar_month(text: str) -> Window:
    """Return the month that is written as 2008-09."""
    start = datetime.fromisoformat(f"{text}-01").replace(tzinfo=UTC)
    return Window(start, start + relativedelta(months=1))


GAPS = tuple(calendar_month(text) for text in ("2008-09", "2009-01", "2009-02", "2010-01", "2010-02"))
_BLOCKS_SERVED = Window(month(TRAINED_BLOCKS).start, month(BLOCKS - 1).end)
_MONTHS_SERVED = Window(calendar_month("2008-08").start, calendar_month("2010-11").end)


@cache
def rows() -> pd.DataFrame:
    """Return all calls in their order."""
    return numbered(pd.read_parquet(DATA), "call")


def _by_blocks() -> Parts:
    blocks = rows()
    timed = pd.concat(
        evenly(part, month(int(number))) for number, part in blocks.groupby(blocks.index // BLOCK)
    )
    return _cut(timed, _BLOCKS_SERVED)


def _by_months(contact: str) -> Parts:
    calls = rows()
    calls = calls[calls["contact"] == contact]
    timed = pd.concat(evenly(part, calendar_month(str(text))) for text, part in calls.groupby("year_month"))
    return _cut(timed, _MONTHS_SERVED)


def _cut(timed: pd.DataFrame, served: Window) -> Parts:
    trained = timed[timed[TIME] < served.start]
    return Parts(trained, timed[timed[TIME] >= served.start], Window(FIRST, served.start))


def _drawn(seed: str, window: Window, per_day: int) -> Parts:
    trained, rest = halves(rows().head(TRAINED_BLOCKS * BLOCK), seed)
    baseline = BaselineRows(drawn(rest, per_day * 14, f"{seed}-baseline"), BASELINE, "period")
    return Parts(trained, replayed(lambda _: rest, window, per_day, seed), BASELINE, {"default": baseline})


def _regression(categories: tuple[str, ...], numbers: tuple[str, ...]) -> Any:
    from sklearn.compose import ColumnTransformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    columns = ColumnTransformer(
        [
            ("categories", OneHotEncoder(handle_unknown="ignore"), list(categories)),
            ("numbers", StandardScaler(), list(numbers)),
        ]
    )
    return make_pipeline(columns, LogisticRegression(max_iter=1000))


def _model(name: str, parts: Callable[[], Parts], serves: Window, **what: Any) -> DemoModel:
    inputs = what.pop("inputs", _CLIENT)
    categories = tuple(column for column in inputs if column in _CATEGORIES)
    numbers = tuple(column for column in inputs if column not in _CATEGORIES)
    return DemoModel(
        name=name,
        data="calls of a bank's campaign",
        parts=parts,
        estimator=partial(_regression, categories, numbers),
        inputs=inputs,
        target="y",
        prediction="subscribes",
        positive="p_subscribes",
        metric="log_loss",
        serves=serves,
        **what,
    )


_BY_BLOCKS = "every 2,000 rows are one month, from May 2008"
_BY_MONTHS = "the rows of a month spread evenly over it"
_WEEK = timedelta(days=7)
_NO_CONTACT = tuple(column for column in _CLIENT if column != "contact")

MODELS = (
    _model(
        "marketing.term-deposit", _by_blocks, _BLOCKS_SERVED, clock=_BY_BLOCKS, delay=_WEEK, drift=_CRISIS
    ),
    _model(
        "marketing.term-deposit-economy",
        _by_blocks,
        _BLOCKS_SERVED,
        clock=_BY_BLOCKS,
        delay=_WEEK,
        drift=_CRISIS,
        inputs=(*_CLIENT, *_INDICATORS),
    ),
    _model(
        "marketing.cellular",
        partial(_by_months, "cellular"),
        _MONTHS_SERVED,
        clock=_BY_MONTHS,
        delay=_WEEK,
        drift=_CRISIS,
        inputs=_NO_CONTACT,
    ),
    _model(
        "marketing.telephone",
        partial(_by_months, "telephone"),
        _MONTHS_SERVED,
        clock=_BY_MONTHS,
        delay=_WEEK,
        drift=_CRISIS,
        inputs=_NO_CONTACT,
    ),
    _model(
        "marketing.call-back",
        partial(_drawn, "call-back", HOURLY, 24 * PER_HOUR),
        HOURLY,
        clock="the first eight blocks shuffled: one half trains, 120 rows an hour are drawn from the other",
        delay=timedelta(hours=2),
        held_out=0.0,
        pulsed=True,
        fault=Silence(day(5).start + timedelta(hours=14), day(5).start + timedelta(hours=22)),
    ),
    _model(
        "marketing.call-list",
        partial(_drawn, "call-list", SPAN, PER_DAY),
        SPAN,
        clock="the first eight blocks shuffled: one half trains, 240 rows a day are drawn from the other",
        delay=timedelta(hours=6),
        held_out=0.0,
    ),
)
