"""What people type on the command line and Muster has to understand: times, models, themselves."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from console.names import known
from profiles.errors import PolicyInvalid

if TYPE_CHECKING:
    from policies.load import Fleet, LoadedPolicy
    from registry.records import Actor


class Moment(click.ParamType[datetime]):
    """A time such as 2026-03-12 or 2026-03-12T14:00Z; without a zone it is UTC."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Return the time in UTC; a text that is no time is a usage error."""
        if isinstance(value, datetime):
            return value
        try:
            found = datetime.fromisoformat(value)
        except ValueError:
            self.fail(
                f"{value!r} is not a time; write one such as 2026-03-12 or 2026-03-12T14:00Z", param, ctx
            )
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


MOMENT = Moment()


def policy_of(model: str, fleet: Fleet) -> LoadedPolicy:
    """Return a model's policy; PolicyInvalid with its faults, or MusterError with the nearest name."""
    by_model = {loaded.policy.model: loaded for loaded in fleet.policies}
    broken = [str(fault) for fault in fleet.faults if fault.model in {model, None}]
    if model not in by_model and broken:
        raise PolicyInvalid("\n".join([f"the policy of {model} cannot be read:", *broken]))
    return by_model[known(model, by_model, "the policies")]


def person() -> Actor:
    """Return who runs this command, as the operating system knows them; no variable can claim otherwise."""
    import pwd

    from registry.records import Actor

    try:
        name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # in a container a user may have a number only
        name = f"uid {os.getuid()}"
    return Actor(name, "person")
