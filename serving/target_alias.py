"""The target `mlflow_alias`: batch jobs and services that load whatever the alias names."""

from dataclasses import dataclass
from datetime import datetime

from profiles.errors import RegistryUnavailable
from registry.model_registry import Aliases
from serving.targets import ABILITIES, Abilities, NotCarriedOut, Order


@dataclass(frozen=True)
class AliasTarget:
    """Moves an alias of the model registry to the champion; what has loaded another version loads anew."""

    aliases: Aliases
    alias: str

    @property
    def can(self) -> Abilities:
        """What it can do."""
        return ABILITIES["mlflow_alias"]

    def carry_out(self, order: Order, at: datetime) -> str:  # noqa: ARG002 - as every target
        """Point the alias at the champion, unless it names it already."""
        try:
            served = self.aliases.served(order.registered_as, self.alias)
            if served is not None and served.version == order.champion:
                return f"the alias {self.alias} names version {order.champion} already"
            self.aliases.point(order.registered_as, self.alias, order.champion)
        except RegistryUnavailable as error:
            raise NotCarriedOut(str(error)) from error
        return f"the alias {self.alias} was pointed at version {order.champion}"
