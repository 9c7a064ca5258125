"""The alias of a model that Muster decides about says who serves by the ledger. No Prefect here."""

from flows.predicting import UNREGISTERED
from flows.world import World
from policies.intents import IntentKind
from policies.policy import Policy
from registry.model_registry import Aliases

_CARRIED: tuple[IntentKind, ...] = ("carry_out",)


def project(policy: Policy, world: World, aliases: Aliases) -> str | None:
    """Point a model's alias at the champion where somebody else moved it; return what was done, if anything.

    Under `external` authority it is somebody else's, and while an order is under way it is about to move. A
    champion that no model registry knows has no alias. Raises RegistryUnavailable.
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
    if served is not None and served.version == champion:
        return None
    aliases.point(policy.registered_as, policy.alias, champion)
    was = "no version" if served is None else f"version {served.version}"
    return f"the alias {policy.alias} of {policy.registered_as} named {was}, and names version {champion} now"
