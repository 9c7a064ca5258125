"""How often judging is wrong without any drift, and how often it sees one; all with the default policy."""

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any

from bench.measure import Measure, Target

_SIZES = (50, 200, 1_000, 5_000)
_HALVINGS = 10
_QUARTER = 90 * 24
# Said where a number depends on it: the default would leave windows of 50 rows blind.
_SETTINGS = "The policy is the default one, with minimum_rows: 50 so that windows of 50 rows are judged."


def false_alarm_share(*, windows: int = 2_000, repeats: int = 2) -> list[float]:
    """Upper 95 % Clopper-Pearson bound of the share of windows with a finding, of the worst set."""
    return [max(alarm_bounds(windows, seed).values()) for seed in range(repeats)]


def alarm_bounds(windows: int, seed: int) -> dict[str, float]:
    """Return each set's bound over `windows` windows, a quarter of them of each size."""
    import numpy as np
    from scipy.stats import binomtest

    from bench import judging
    from bench.stationary import SETS, halves

    random = np.random.default_rng([seed, windows])
    bounds = {}
    for name in SETS:
        alarms = drawn = 0
        while drawn < windows:
            both = halves(name, random)
            baseline = judging.profiled(both.baseline)
            for _ in range(max(1, windows // (_HALVINGS * len(_SIZES)))):
                for rows in _SIZES:
                    alarms += judging.alarmed(judging.judged(both.window(rows, random), baseline))
                    drawn += 1
        # Two-sided at 90 %, so that the upper bound holds with 95 %.
        bounds[name] = float(binomtest(alarms, drawn).proportion_ci(0.9, "exact").high)
    return bounds


def false_incidents(*, models: int = 4, windows: int = _QUARTER) -> list[float]:
    """Upper 95 % bound (Poisson) of the incidents opened per model and quarter, over all models."""
    from scipy.stats import chi2

    opened = sum(_opened(windows, seed) for seed in range(models))
    return [float(chi2.isf(0.05, 2 * (opened + 1))) / 2 / (models * windows / _QUARTER)]


def _opened(windows: int, seed: int) -> int:
    import numpy as np

    from bench import judging
    from bench.made_up_stream import stationary

    random = np.random.default_rng(seed)
    baseline = judging.profiled(stationary(5_000, random))
    verdicts = (
        judging.judged(stationary(int(random.integers(80, 400)), random), baseline, hour)
        for hour in range(windows)
    )
    return sum(1 for change in _followed(verdicts) if change.change == "opened")


def _followed(verdicts: Iterator[Any]) -> Iterator[Any]:
    """Yield what a stream of verdicts does to incidents, as the ledger would have it."""
    from bench.judging import default_policy
    from policies.incidents import follow

    known: dict[str, Any] = {}
    recent: list[Any] = []
    for verdict in verdicts:
        for change in follow([*known.values()], verdict, recent, default_policy()):
            known[change.after.name] = change.after
            yield change
        known = {name: each for name, each in known.items() if each.resolved is None}
        recent = [*recent, verdict][-8:]


def power_half_sd(*, windows: int = 5, halvings: int = 20) -> list[float]:
    """Share of windows of 1,000 rows with a finding on the number that moved, for each halving."""
    return _means(_halvings("half_deviations", windows, halvings))


def power_half_sd_worst(*, windows: int = 5, halvings: int = 20) -> list[float]:
    """The same share over all halvings, of the number that is found least."""
    return [_worst(_halvings("half_deviations", windows, halvings))]


def power_10pt_category(*, windows: int = 5, halvings: int = 20) -> list[float]:
    """Share of windows of 1,000 rows with a finding on the column of the category, for each halving."""
    return _means(_halvings("ten_points", windows, halvings))


def power_10pt_category_worst(*, windows: int = 5, halvings: int = 20) -> list[float]:
    """The same share over all halvings, of the category that is found least."""
    return [_worst(_halvings("ten_points", windows, halvings))]


Cases = dict[tuple[str, str, str], float]


@cache  # the mean and the worst are two looks at one measurement
def _halvings(shifts: str, windows: int, halvings: int) -> tuple[Cases, ...]:
    from bench import judging

    return tuple(found_by_case(getattr(judging, shifts), windows, seed) for seed in range(halvings))


def _means(halvings: Sequence[Cases]) -> list[float]:
    return [sum(cases.values()) / len(cases) for cases in halvings]


def _worst(halvings: Sequence[Cases]) -> float:
    """Return the least share of any case; a rare category is not in every halving."""
    names = {name for cases in halvings for name in cases}
    shares = {name: [cases[name] for cases in halvings if name in cases] for name in names}
    return min(sum(found) / len(found) for found in shares.values())


def found_by_case(
    shifts: Callable[[Any, Any], Iterator[Any]], windows: int, seed: int, sets: Sequence[str] = ()
) -> Cases:
    """Return for each set, column and way of moving it the share of windows that show it."""
    import numpy as np

    from bench import judging
    from bench.stationary import SETS, halves

    random = np.random.default_rng([seed, windows])
    cases = {}
    for name in sets or SETS:
        both = halves(name, random)
        baseline = judging.profiled(both.baseline)
        for shift in shifts(both, baseline):
            drawn = (both.window(1_000, random, shift.weights) for _ in range(windows))
            seen = [judging.found(judging.judged(rows, baseline), shift.column) for rows in drawn]
            cases[name, shift.column, shift.name] = sum(seen) / windows
    return cases


def detection_delay(*, repeats: int = 3, longest: int = 12) -> list[float]:
    """Windows of 1,000 rows from a shift of half a deviation to its incident, mean over columns."""
    import numpy as np

    from bench import judging
    from bench.stationary import halves

    means = []
    for seed in range(repeats):
        random = np.random.default_rng(seed)
        both = halves("bike", random)
        baseline = judging.profiled(both.baseline)
        delays = []
        for shift in judging.half_deviations(both, baseline):
            verdicts = (
                judging.judged(both.window(1_000, random, shift.weights), baseline, hour)
                for hour in range(longest)
            )
            first = next((change for change in _followed(verdicts) if change.change == "opened"), None)
            hours = longest if first is None else (first.after.last - judging.START) / judging.HOUR
            delays.append(hours + 1)
        means.append(sum(delays) / len(delays))
    return means


MEASURES = (
    Measure(
        key="false_alarm_share",
        unit="share",
        meaning="Windows of 50, 200, 1,000 and 5,000 rows without any drift that raise a finding of any "
        "severity about a column: the upper 95 % Clopper-Pearson bound for the worst of three real sets, "
        "over 2,000 windows each. Windows are drawn with replacement from one random half of a set's "
        "stationary part, the baseline is the other half. " + _SETTINGS,
        take=false_alarm_share,
        tiny={"windows": 40, "repeats": 1},
        target=Target("at most", 0.02),
    ),
    Measure(
        key="false_incidents_per_model_quarter",
        unit="incidents",
        meaning="Incidents opened per model and quarter on made-up stationary hourly streams of 80 to 400 "
        "rows and 10 columns, after persistence: the upper 95 % bound (Poisson) over all models.",
        take=false_incidents,
        tiny={"models": 1, "windows": 24},
        target=Target("at most", 1),
    ),
    Measure(
        key="power_half_sd_n1000",
        unit="share",
        meaning="Windows of 1,000 rows with a finding on a number whose mean moved by half a standard "
        "deviation, up or down (rows drawn with weights exp(t x)), over every number of at least 10 distinct "
        "values of the three sets; a repeat is another halving of the sets. " + _SETTINGS,
        take=power_half_sd,
        tiny={"windows": 1, "halvings": 1},
        target=Target("at least", 0.95),
    ),
    Measure(
        key="power_half_sd_n1000_worst",
        unit="share",
        meaning="The same for the one number and way that is found least, over all halvings.",
        take=power_half_sd_worst,
        tiny={"windows": 1, "halvings": 1},
        target=Target("at least", 0.95),
    ),
    Measure(
        key="power_10pt_category_n1000",
        unit="share",
        meaning="The same for 10 points of share moved to a category, over every category with room.",
        take=power_10pt_category,
        tiny={"windows": 1, "halvings": 1},
        target=Target("at least", 0.95),
    ),
    Measure(
        key="power_10pt_category_n1000_worst",
        unit="share",
        meaning="The same for the one category that is found least, over all halvings.",
        take=power_10pt_category_worst,
        tiny={"windows": 1, "halvings": 1},
        target=Target("at least", 0.95),
    ),
    Measure(
        key="detection_delay_windows",
        unit="windows",
        meaning="Windows of 1,000 rows from a shift of half a standard deviation to the incident it opens, "
        "mean over the numbers of the bike set; 2 is the least, as drift has to persist.",
        take=detection_delay,
        tiny={"repeats": 1, "longest": 3},
    ),
)
