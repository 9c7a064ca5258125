"""The target `command`: a command of the team's that makes a version answer."""

import json
import shlex
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from profiles.effects import effect
from serving.targets import ABILITIES, Abilities, NotCarriedOut, Order

PATIENCE = timedelta(minutes=5)
_SAID = 500


@dataclass(frozen=True, repr=False)
class CommandTarget:
    """Runs a command with the order as JSON on its standard input and as variables `ROLLOUT_*`.

    The command ends with 0 when it has done, or begun, what it was told; the same order may come again. It is
    split as a shell would split it, and run without one.
    """

    command: str
    environ: Mapping[str, str]
    patience: timedelta = PATIENCE
    splits: bool = False

    @property
    def can(self) -> Abilities:
        """What it can do."""
        return replace(ABILITIES["command"], split=self.splits)

    def carry_out(self, order: Order, at: datetime) -> str:  # noqa: ARG002 - as every target
        """Run the command; NotCarriedOut with the end of what it said on standard error."""
        told = {
            f"ROLLOUT_{key.upper()}": str(value) for key, value in order.plain.items() if value is not None
        }
        environment = {**self.environ, **told}
        try:
            with effect("target command"):
                done = subprocess.run(  # noqa: S603 - the team's own command, from its policy
                    shlex.split(self.command),
                    input=json.dumps(order.plain, sort_keys=True),
                    env=environment,
                    capture_output=True,
                    text=True,
                    timeout=self.patience.total_seconds(),
                    check=False,
                )
        except subprocess.TimeoutExpired:
            raise NotCarriedOut(f"the command did not end within {self.patience}") from None
        except (OSError, ValueError) as error:
            raise NotCarriedOut(f"the command could not be started: {error}") from error
        if done.returncode:
            said = done.stderr.strip()[-_SAID:] or "it said nothing"
            raise NotCarriedOut(f"the command ended with {done.returncode}: {said}")
        return f"the command was told that {order.sentence}"
