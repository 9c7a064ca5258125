"""What a policy allows Muster to do about a verdict: retrain, shadow, ramp, promote, roll back."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, TypeAlias

Trigger: TypeAlias = Literal["drift", "performance", "burn"]
TrainerKind: TypeAlias = Literal["refit", "function", "command", "deployment"]


@dataclass(frozen=True)
class Retrain:
    """When a challenger is made, and how often at most.

    `when` names the shortfalls that ask for one. `every`, `new_labels` and `compare_every` ask without a
    shortfall: by schedule, after so many new labelled rows, and to see whether a better model is to be had
    although the objectives are met; None where Muster does not act. After `give_up_after` challengers in a
    row that did not help, nothing is retrained until a person says so.
    """

    # A shortfall of quality asks for nothing: what is broken is mended, not learned.
    when: tuple[Trigger, ...] = ("drift", "performance", "burn")
    cooldown: timedelta = timedelta(days=21)  # by then a hold-out of 18 of 90 days is all new
    per_month: int = 4
    give_up_after: int = 3
    every: timedelta | None = None
    new_labels: int | None = None
    compare_every: timedelta | None = None


@dataclass(frozen=True)
class Recipe:
    """What challengers are fitted on: each span of `recent` rows and, with `all_history`, all of them.

    The newest rows are kept for choosing between them and the champion: the share `holdout` of the rows of
    the shortest span. A challenger has to lose less there than the champion by the share `better_by`. Below
    `minimum_rows` labelled rows nothing is fitted.
    """

    recent: tuple[timedelta, ...] = (timedelta(days=90),)
    all_history: bool = True
    holdout: float = 0.2
    minimum_rows: int = 500
    better_by: float = 0.02  # less than that a gate takes for equal


@dataclass(frozen=True)
class Trainer:
    """Who fits: `refit` clones the champion's estimator; `entry` names a function, command or deployment.

    `folder` is the team's working directory and first import path, `python` the interpreter of its
    environment; None for the environment recorded with the champion. After `at_most` it is ended.
    """

    kind: TrainerKind = "refit"
    entry: str | None = None
    folder: str | None = None
    python: str | None = None
    at_most: timedelta = timedelta(hours=1)


@dataclass(frozen=True)
class Shadow:
    """A challenger answers beside the champion until the gate decides, at most `longest`."""

    longest: timedelta = timedelta(days=90)


@dataclass(frozen=True)
class Canary:
    """A challenger answers these shares of the requests in turn, each for `rows` rows, at most `longest`.

    Steps that would not see so many rows in that time are left out. Without steps there is no canary: from
    shadow a challenger is promoted.
    """

    steps: tuple[float, ...] = (0.1, 0.5)
    rows: int = 500  # without a failure among them, fewer than one answer in 100 fails
    longest: timedelta = timedelta(days=7)  # as long as a bake


@dataclass(frozen=True)
class GateLimits:
    """How sure a gate has to be.

    `margin` is how much worse than the champion's loss still counts as no worse, as a share of that loss;
    `alpha` the chance of a wrong promotion that all challengers of a month share.
    """

    margin: float = 0.02
    alpha: float = 0.05
    minimum_rows: int = 100  # below it the normal approximation of the test is not to be trusted


@dataclass(frozen=True)
class Bake:
    """How long the old champion stays in shadow after a promotion, and whether Muster may roll back."""

    lasts: timedelta = timedelta(days=7)
    rollback: bool = True


@dataclass(frozen=True)
class ChangeFreeze:
    """Days (UTC, both included) in which nothing is promoted automatically."""

    first: date
    last: date


@dataclass(frozen=True)
class Remediation:
    """All of it. `fallback` is the version that serves when there is no earlier champion to go back to.

    Models in `rolls_with` are promoted and rolled back together with this one, or not at all. A person whose
    name is only claimed (a run started in the bare Prefect UI) may promote only with `claimed_promotions`.
    """

    retrain: Retrain = Retrain()
    recipe: Recipe = Recipe()
    trainer: Trainer = Trainer()
    shadow: Shadow = Shadow()
    canary: Canary = Canary()
    gate: GateLimits = GateLimits()
    bake: Bake = Bake()
    fallback: str | None = None
    rolls_with: tuple[str, ...] = ()
    change_freezes: tuple[ChangeFreeze, ...] = ()
    claimed_promotions: bool = False
