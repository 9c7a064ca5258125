"""What was decided and is not done yet is done: acts, messages, aliases, copies, grades. No Prefect here."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import reduce
from uuid import uuid4

from alerts.deliver import Delivery
from flows.bodies import Bodies
from flows.carrying import Carried, Pace, carry_out_due
from flows.grading import grade_observed
from flows.predicting import keep_copies
from flows.projection import project
from flows.telling import telling, total
from flows.world import World
from policies.grading import Grade
from policies.load import Fleet
from profiles.errors import MusterError
from registry.model_files import ModelStore
from registry.model_registry import Aliases
from registry.settings import Settings
from reports.words import counted


@dataclass(frozen=True)
class Reconciled:
    """What one run came to.

    `faults` are models whose alias could not be looked at or moved, `notes` versions without a copy, `grades`
    what observed acts would have gained.
    """

    carried: tuple[Carried, ...] = ()
    aliases: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    told: Delivery = field(default_factory=Delivery)
    grades: tuple[Grade, ...] = ()

    @property
    def is_well(self) -> bool:
        """Whether nothing failed or has to be tried again because it failed."""
        troubled = any(each.came in {"failed", "put_off"} for each in self.carried)
        return not (troubled or self.faults or self.told.put_off or self.told.given_up)

    @property
    def sentence(self) -> str:
        """The run in a line: `2 done, 1 put off; 3 messages sent`."""
        came = [each.came.replace("_", " ") for each in self.carried]
        acts = [f"{came.count(kind)} {kind}" for kind in dict.fromkeys(came)]
        said = [", ".join(acts) or "nothing to do"]
        sent = [f"{count} {name.replace('_', ' ')}" for name, count in vars(self.told).items() if count]
        said += [f"messages: {', '.join(sent)}"] if sent else []
        said += [f"{counted(len(self.aliases), 'alias', 'aliases')} moved back"] if self.aliases else []
        said += [f"{counted(len(self.grades), 'observed act')} graded"] if self.grades else []
        said += [f"{counted(len(self.faults), 'fault')}; first: {self.faults[0]}"] if self.faults else []
        return "; ".join(said)


def reconcile(
    fleet: Fleet,
    world: World,
    settings: Settings,
    bodies: Bodies,
    aliases: Aliases,
    copies: ModelStore,
    *,
    show: Callable[[str], None],
    block: Callable[[str], str] | None = None,
    pace: Pace | None = None,
) -> Reconciled:
    """Carry out what is due, deliver what is to be told, repair aliases, copy what may serve, and grade.

    It may run twice at the same time. Messages go out first, and again while acts are carried out. One
    model's fault stops nobody else.
    """
    worker = f"reconcile {world.flow_run or uuid4()}"
    told = [Delivery()]
    with telling(world, settings, worker, show, block) as deliver:

        def tell() -> None:
            told.append(deliver())

        tell()
        carried = carry_out_due(world, bodies, worker, tell, pace)
        moved, faults = _projected(fleet, world, aliases)
        notes = keep_copies(fleet, world, copies)
        grades = grade_observed(fleet, world)
        tell()
    return Reconciled(carried, moved, faults, notes, reduce(total, told), grades)


def _projected(fleet: Fleet, world: World, aliases: Aliases) -> tuple[tuple[str, ...], tuple[str, ...]]:
    moved, faults = [], []
    for loaded in fleet.policies:
        try:
            if (said := project(loaded.policy, world, aliases)) is not None:
                moved.append(said)
        except MusterError as error:
            faults.append(f"{loaded.policy.model}: {error}")
    return tuple(moved), tuple(faults)
