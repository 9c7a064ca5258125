"""What a budget allows, what is spent, how fast it burns, and which windows count."""

from datetime import timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.budget import allowed, burn_limit, counted, rate, spans, spend
from policies.budget_defaults import usual_tiers
from policies.policy import Budget, BurnTier
from policies.spending import Counts, Event, Kept
from policies.verdict import Severity
from profiles.window import Cadence
from tests.policies.readings import DAY, HOUR, START

HIGH, CRITICAL = Severity.HIGH, Severity.CRITICAL
DAILY, HOURLY = Cadence("1d"), Cadence("1h")
TENTH = Budget("windows", 0.1, 30 * DAY)
ROWS = Budget("rows", 0.01, 30 * DAY)


@pytest.mark.parametrize(
    ("budget", "counts", "may"),
    [
        (TENTH, Counts(30), Fraction(3)),
        (TENTH, Counts(30, short=2, good=18), Fraction(3)),
        (TENTH, Counts(30, unknown=10), Fraction(2)),
        (TENTH, Counts(30, unknown=30), Fraction(0)),
        (Budget("windows", 0.07, 30 * DAY), Counts(100), Fraction(7)),  # 0.07 * 100 is not 7 in binary
        (ROWS, Counts(30), Fraction(0)),
        (ROWS, Counts(30, good=30, rows=60_000), Fraction(600)),
        (ROWS, Counts(30, good=10, rows=20_000), Fraction(600)),  # the other 20 days are taken to be alike
        (ROWS, Counts(30, good=10, unknown=10, rows=20_000), Fraction(400)),
    ],
)
def test_what_is_allowed_grows_with_what_could_be_judged(
    budget: Budget, counts: Counts, may: Fraction
) -> None:
    assert allowed(counts, budget) == may


@pytest.mark.parametrize(
    ("budget", "counts", "measured"),
    [
        (TENTH, Counts(30), None),
        (TENTH, Counts(10, unknown=10), None),
        (TENTH, Counts(10, short=1, good=9), Fraction(1)),
        (TENTH, Counts(2, short=2), Fraction(10)),
        (TENTH, Counts(4, short=1, good=1, unknown=2), Fraction(5)),
        (ROWS, Counts(1, good=1, bad_rows=144, rows=1000), Fraction(144, 10)),
        (ROWS, Counts(3, good=3, bad_rows=0, rows=1000), Fraction(0)),
        (ROWS, Counts(3, short=3, bad_rows=0, rows=0), None),
    ],
)
def test_the_burn_rate_is_what_fell_short_beside_what_may(
    budget: Budget, counts: Counts, measured: Fraction | None
) -> None:
    assert rate(counts, budget) == measured


@pytest.mark.parametrize(
    ("spends", "within", "limit"), [(0.02, HOUR, 14.4), (0.05, 6 * HOUR, 6), (0.1, 3 * DAY, 1)]
)
def test_the_workbooks_tiers_have_the_workbooks_burn_rates(
    spends: float, within: timedelta, limit: float
) -> None:
    assert float(burn_limit(BurnTier(HIGH, spends, within), ROWS)) == limit


def test_spans_are_rounded_up_to_whole_windows_with_a_twelfth_to_confirm() -> None:
    burn = (BurnTier(HIGH, 0.5, 25 * HOUR), BurnTier(HIGH, 0.5, 13 * DAY))
    assert spans(Budget("windows", 0.1, 30 * DAY, burn), DAILY) == (30, 2, 1, 13)
    assert spans(Budget("windows", 0.1, 30 * DAY, burn), HOURLY) == (720, 25, 3, 312, 26)
    assert spans(Budget("windows", 0.2, timedelta(days=365)), Cadence("1mo")) == (12,)


def event(day: int, kept: Kept = "good", **kw: Any) -> Event:
    return Event(START + day * DAY, START + (day + 1) * DAY, kept, **kw)


def test_windows_of_the_span_count_each_by_how_it_was_kept() -> None:
    budget = Budget("windows", 0.2, 5 * DAY, (BurnTier(HIGH, 0.9, 2 * DAY),))
    events = [event(0, "short"), event(1, "short"), event(2), event(3, "unknown"), event(4, "short")]
    found = counted(DAILY.window(START + 4 * DAY), budget, DAILY, events)
    assert found == (Counts(5, short=2, good=1, unknown=1), Counts(2, unknown=1), Counts(1))
    later = counted(DAILY.window(START + 5 * DAY), budget, DAILY, events)
    assert later[0] == Counts(5, short=2, good=1, unknown=1)


def test_months_are_counted_by_the_calendar() -> None:
    monthly, budget = Cadence("1mo"), Budget("windows", 0.2, timedelta(days=360))
    windows = [monthly.window(monthly.before(START, n)) for n in range(1, 20)]
    events = [Event(w.start, w.end, "short") for w in windows]
    assert counted(monthly.window(START), budget, monthly, events) == (Counts(12, short=11),)


def test_windows_that_an_earlier_policy_judged_count_where_they_can() -> None:
    hourly = Event(START, START + HOUR, "short", 5, 10)
    assert counted(DAILY.window(START + DAY), TENTH, DAILY, [hourly]) == (Counts(30),)
    unread = event(0, "short")
    assert counted(DAILY.window(START + DAY), ROWS, DAILY, [unread]) == (Counts(30),)
    blind = event(0, "unknown")
    assert counted(DAILY.window(START + DAY), ROWS, DAILY, [blind]) == (Counts(30, unknown=1),)


def test_a_budget_is_spent_beyond_what_it_allows_and_says_how_long_it_lasts() -> None:
    now = spend("drift", TENTH, DAILY, "short", 0, 0, [Counts(30, short=1, good=8)])
    assert (now.bad, now.allowed, now.spent) == (2, 3.0, False)
    assert now.left == pytest.approx(1 / 3)
    assert now.exhausted_in is None  # 2 of 30 days are less than 3
    tiers = (BurnTier(HIGH, 0.4, 5 * DAY),)
    fast = spend(
        "drift",
        Budget("windows", 0.1, 30 * DAY, tiers),
        DAILY,
        "short",
        0,
        0,
        [Counts(30, 1, 8), Counts(5, 1, 3)],
    )
    assert fast.exhausted_in == timedelta(days=30) / 3 / 4  # a third is left, at four times the pace
    assert spend("drift", TENTH, DAILY, "short", 0, 0, [Counts(30, 2, 8)]).left == 0
    assert not spend("drift", TENTH, DAILY, "short", 0, 0, [Counts(30, 2, 8)]).spent
    assert spend("drift", TENTH, DAILY, "short", 0, 0, [Counts(30, 3, 8)]).spent
    assert spend("drift", TENTH, DAILY, "unknown", 0, 0).left is not None
    assert spend("errors", ROWS, DAILY, "unknown", 0, 0).left is None


def test_a_burn_needs_its_short_span_too_and_two_windows_where_they_count_as_a_whole() -> None:
    budget = Budget("windows", 0.1, 30 * DAY, (BurnTier(CRITICAL, 0.4, 2 * DAY),))
    rows = Budget("rows", 0.01, 30 * DAY, (BurnTier(CRITICAL, 0.2, DAY),))

    def burns(kept: Kept, *before: Counts) -> bool:
        return spend("drift", budget, DAILY, kept, 0, 0, before).burns[0].too_fast

    assert burns("short", Counts(2, short=1))
    assert not burns("short", Counts(2, good=1))
    assert not burns("short", Counts(2, unknown=1))  # half the rate is not known
    assert not burns("good", Counts(2, short=1))  # it is over
    assert spend("errors", rows, DAILY, "good", 70, 1000).burns[0].too_fast
    assert not spend("errors", rows, DAILY, "good", 60, 1000).burns[0].too_fast


CADENCES = ("15m", "1h", "6h", "1d", "1w", "1mo")


@settings(derandomize=True, deadline=None, max_examples=200)
@given(st.sampled_from(CADENCES), st.integers(1, 60), st.sampled_from([12, 30, 52, 90, 365]), st.booleans())
def test_usual_tiers_of_whole_windows_need_two_and_come_before_the_budget_is_spent(
    cadence_text: str, percent: int, windows: int, rows: bool
) -> None:
    cadence = Cadence(cadence_text)
    plain = Budget("rows" if rows else "windows", percent / 100, windows * cadence.length)
    length = cadence.count(plain.over)
    for tier in usual_tiers("drift", plain, HIGH, cadence):
        budget = Budget("windows", plain.allow, plain.over, (tier,))
        long = cadence.count(tier.within)
        needed = next(
            n
            for n in range(1, long + 1)
            if Fraction(n, long) / Fraction(percent, 100) > burn_limit(tier, budget)
        )
        assert 2 <= needed <= length * percent // 100
        assert tier.severity == (CRITICAL if burn_limit(tier, budget) > 5 else HIGH)


EVENTS = st.lists(
    st.tuples(st.sampled_from(["good", "short", "unknown"]), st.integers(0, 50), st.integers(50, 1000)),
    min_size=1,
    max_size=12,
)
TIERS = (BurnTier(CRITICAL, 0.4, 2 * DAY), BurnTier(HIGH, 0.5, 8 * DAY))
BUDGETS = [Budget("windows", 0.2, 10 * DAY, TIERS), Budget("rows", 0.05, 10 * DAY, TIERS)]


def stand(history: list[Any], budget: Budget, objective: str, order: Any = None) -> Any:
    """Spend a history whose last entry is the window itself."""
    *earlier, (kept, bad, rows) = history
    events = [
        event(day, state, bad_rows=0 if state == "unknown" else some, rows=0 if state == "unknown" else many)
        for day, (state, some, many) in enumerate(earlier)
    ]
    before = counted(
        DAILY.window(START + len(earlier) * DAY), budget, DAILY, order(events) if order else events
    )
    bad, rows = (0, 0) if kept == "unknown" else (bad, rows)
    return spend(objective, budget, DAILY, kept, bad, rows, before)


def badness(spending: Any) -> tuple[bool, bool]:
    return spending.spent, any(burn.too_fast for burn in spending.burns)


@settings(derandomize=True, deadline=None, max_examples=200)
@given(EVENTS, st.sampled_from(BUDGETS), st.randoms())
def test_the_order_of_history_does_not_matter(history: list[Any], budget: Budget, random: Any) -> None:
    def shuffled(events: list[Event]) -> list[Event]:
        return random.sample(events, len(events))  # type: ignore[no-any-return]

    assert stand(history, budget, "drift") == stand(history, budget, "drift", shuffled)


@settings(derandomize=True, deadline=None, max_examples=200)
@given(EVENTS, st.sampled_from(BUDGETS), st.data())
def test_more_bad_windows_never_stand_better_and_unknown_never_counts_as_good(
    history: list[Any], budget: Budget, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(history) - 1))
    _, _, rows = history[at]

    def with_(kept: str, bad: int) -> Any:
        changed = [*history]
        changed[at] = (kept, bad, rows)
        # The whole window's rows, as they count for every objective but errors.
        whole = [(k, r if k == "short" else 0, r) for k, _, r in changed]
        return stand(whole, budget, "drift")

    good, unknown, short = with_("good", 0), with_("unknown", 0), with_("short", rows)
    for better, worse in ((good, short), (good, unknown)):
        assert not better.spent or worse.spent
        assert (worse.left or 0) <= (better.left or 0) or better.left is None or worse.left is None
    assert not unknown.spent or short.spent
    if at == len(history) - 1:  # of the same window, a burn as well
        assert badness(good)[1] <= badness(short)[1]
