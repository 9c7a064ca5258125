"""Who carries out a change of who serves, and how Muster sees that it happened."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, TypeAlias

TargetKind: TypeAlias = Literal["mlflow_alias", "command", "webhook"]

# The objective that incidents of targets and rehearsals belong to; it is a key of the policy like the others.
TARGET = "target"
DEADLINE = timedelta(minutes=15)


@dataclass(frozen=True)
class Target:
    """What is told of a new assignment.

    `entry` is the alias that is moved (None: the policy's), the command, or the reference to the webhook's
    URL; `secret` is the reference to what the webhook's requests are signed with. `probe` is a URL that says
    which version answers; None where the prediction log says it. What is not seen within `deadline` is an
    incident. With `splits` a command or webhook can give a canary its share of the requests.
    """

    kind: TargetKind = "mlflow_alias"
    entry: str | None = None
    secret: str | None = None
    probe: str | None = None
    deadline: timedelta = DEADLINE
    splits: bool = False
