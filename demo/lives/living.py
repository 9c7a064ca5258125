"""Living through it: requests are answered, windows watched, and what follows is carried out, day by day.

Watching and carrying out are the flows of production with their ports; only the clock is simulated, and the
person who rolls back is scripted.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise

from demo.lives.models import Life, RolledBackByHand
from demo.lives.service import SimulatedService
from demo.making import Making
from flows.bodies import Bodies, bodies_of
from flows.ports import Predict
from flows.predicting import open_copies, open_predictions
from flows.reconciliation import reconcile
from flows.rehearsing import preflight
from flows.replay import ticks
from flows.rolling_back import roll_back
from flows.rollout import open_rollout
from flows.world import World
from policies.load import Fleet, LoadedPolicy
from profiles.errors import MoveRefused
from registry.records import Actor
from registry.settings import Settings
from registry.versions import MlflowVersions


@dataclass(frozen=True)
class Living:
    """Models that live: `before` and `after` are what happens around each look of the watch."""

    lives: Mapping[str, Life]
    fleet: Mapping[str, LoadedPolicy]
    world: World
    settings: Settings
    versions: MlflowVersions
    services: Mapping[str, SimulatedService]
    bodies: Bodies
    predict: Predict
    show: Callable[[str], None]

    def before(self, _model: str, now: datetime) -> None:
        """Let every service answer what was asked until now, and people do what they wanted meanwhile.

        All services, because whatever is carried out next for one model may be carried out for another.
        """
        for name, service in self.services.items():
            by_hand = self.lives[name].by_hand
            for since, until in pairwise(self._moments(name, now)):
                if service.has_answered(until):
                    continue
                if by_hand is not None and since == by_hand.at:
                    self._rolled_back(name, by_hand)
                service.answer(since, until)

    def after(self, model: str, now: datetime) -> None:
        """Carry out what is due, as the schedule of `reconcile` does."""
        done = reconcile(
            Fleet((self.fleet[model],), ()),
            replace(self.world, clock=lambda: now),
            self.settings,
            self.bodies,
            self.versions,
            open_copies(self.settings),
            show=self.show,
        )
        for fault in done.faults:
            self.show(fault)

    def _moments(self, model: str, now: datetime) -> list[datetime]:
        """Return when something happens to a model: its beginning, every look of the watch, a rollback."""
        span, by_hand = self.lives[model].model.serves, self.lives[model].by_hand
        looks = ticks(self.fleet[model].policy, span.start, span.end)
        acts = [] if by_hand is None else [by_hand.at]
        return sorted(at for at in {span.start, *looks, *acts} if at <= now)

    def _rolled_back(self, model: str, wanted: RolledBackByHand) -> None:
        """Do what `muster rollback` does; that the log shows it is seen at the next look."""
        actor, at = Actor(wanted.by, "person"), replace(self.world, clock=lambda: wanted.at)
        try:
            done = roll_back(
                model, actor, wanted.reason, at, open_rollout(self.settings), preflight(at, self.predict)
            )
        except MoveRefused as refused:
            self.show(f"{model} was not rolled back: {refused}")
            return
        for line in done.said:
            self.show(f"{model}: {line}")


@contextmanager
def living(
    lives: Mapping[str, Life],
    fleet: Mapping[str, LoadedPolicy],
    world: World,
    settings: Settings,
    show: Callable[[str], None],
) -> Iterator[Living]:
    """Register the first version of every model and let it live; leaving it ends the processes of versions.

    `show` is told what the channel `console` gets, and what could not be done.
    """
    versions = MlflowVersions(settings.mlflow_uri, settings.mlflow_artifacts)
    copies = open_copies(settings)
    for name, life in lives.items():
        if versions.served(name, "champion") is None:
            policy = fleet[name].policy
            versions.register(
                Making(life.model, policy.cadence, policy.traffic).candidate(), alias="champion"
            )
    services = {
        name: SimulatedService(life.model, settings.traffic_root, copies) for name, life in lives.items()
    }
    with open_predictions(settings) as predict:
        bodies = bodies_of(Fleet(tuple(fleet.values()), ()), settings, predict)
        yield Living(lives, fleet, world, settings, versions, services, bodies, predict, show)
