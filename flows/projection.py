"""The alias of a model that Muster decides about says who serves by the ledger. No Prefect here."""

from flows.predicting import UNREGISTERED
from flows.world import World
from policies.intents import IntentKind
from policies.policy import Policy
from policies.rollout import RolloutKind, found, over
from registry.model_registry import Aliases, ServedVersion
from registry.records import Transition

_CARRIED: tuple[IntentKind, ...] = ("carry_out",)
_FOREIGN: tuple[RolloutKind, ...] = ("foreign_change",)


def project(policy: Policy, world: World, aliases: Aliases) -> str | None:
    """Point a model's alias at the champion where it names another; return what was done, if anything.

    That somebody else moved it is an incident, which ends when the alias was seen to be right again. Under
    `external` authority the alias is somebody else's, and while an order is under way it is about to move. A
    champion that no model registry knows has no alias. Killed anywhere and run again it leaves the same.
    Raises RegistryUnavailable.
    """
    if policy.authority != "muster":
        return None
    # The alias is read before the ledger: what is decided in between is carried out by its own order.
    served = aliases.served(policy.registered_as, policy.alias)
    if world.ledger.intents(policy.model, _CARRIED, open_only=True):
        return None
    now = world.ledger.assignment(policy.model)
    champion = None if now is None else now.champion
    known = None if champion is None else world.ledger.version(policy.model, champion)
    if champion is None or known is None or known.source == UNREGISTERED:
        return None
    what = f"the alias {policy.alias} of {policy.registered_as}"
    if served is not None and served.version == champion:
        _end(policy, f"{what} names version {champion} again", world)
        return None
    if (since := _moved_since(policy, served, world)) is not None:
        _begin(policy, served, since, world)
    aliases.point(policy.registered_as, policy.alias, champion)
    _end(policy, f"{what} was pointed at version {champion} again", world)
    was = "no version" if served is None else f"version {served.version}"
    return f"{what} named {was}, and names version {champion} now"


def _moved_since(policy: Policy, served: ServedVersion | None, world: World) -> Transition | None:
    """Return the transition after which somebody else moved the alias; None where it only has not followed.

    A command or a webhook moves no alias, and an order that failed may not have: what then still names the
    champion before, or nobody, was left behind by Muster itself.
    """
    transitions = world.ledger.transitions(policy.model)
    changed = [
        each for each in transitions if each.before is None or each.before.champion != each.after.champion
    ]
    last = changed[-1]
    before = None if last.before is None else last.before.champion
    if (None if served is None else served.version) not in {None, before}:
        return last
    by_order = policy.target.kind == "mlflow_alias" and policy.target.entry in {None, policy.alias}
    orders = world.ledger.intents(policy.model, _CARRIED)
    followed = last.kind == "adopted" or (bool(orders) and orders[-1].status == "done")
    return last if by_order and followed else None


def _begin(policy: Policy, served: ServedVersion | None, since: Transition, world: World) -> None:
    at, model = world.clock(), policy.model
    sentence = _told(policy, served, since)
    world.ledger.record_finding(model, lambda known: found(known, model, "foreign_change", sentence, at), at)


def _told(policy: Policy, served: ServedVersion | None, since: Transition) -> str:
    """Say what is known of who moved an alias and when: MLflow keeps neither, only whose version it is."""
    champion, alias = since.after.champion, f"the alias {policy.alias} of {policy.registered_as}"
    when = f"after {since.at:%Y-%m-%d %H:%M} UTC, since when version {champion} serves"
    if served is None:
        return f"somebody else took {alias} away, {when}; the registry does not tell who, nor when exactly"
    by = "" if served.registered_by is None else f" by {served.registered_by}"
    run = "" if served.run_id is None else f" from run {served.run_id}"
    of = f"version {served.version} was registered {served.registered_at:%Y-%m-%d %H:%M} UTC{by}{run}"
    return (
        f"somebody else pointed {alias} at version {served.version}, {when}; the registry does not tell who, "
        f"nor when exactly; {of}"
    )


def _end(policy: Policy, reason: str, world: World) -> None:
    model, at = policy.model, world.clock()
    if any(each.kind in _FOREIGN for each in world.ledger.incidents(model, open_only=True)):
        world.ledger.record_finding(model, lambda known: over(known, _FOREIGN, reason, at), at)
