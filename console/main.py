"""The `muster` command.

Modules of commands import nothing heavy at the top, so that `muster --help` answers at once.
"""

from typing import IO, Any

import click

from console.acting import freeze, promote, proposals, rollback, unfreeze
from console.apply import apply, render
from console.backtest import backtest
from console.baseline import baseline
from console.doctor import doctor
from console.history import history
from console.incidents import incidents
from console.init import init
from console.ledger import ledger
from console.policy import policy
from console.recall import recall
from console.reconcile import reconcile
from console.report import report
from console.retrain import retrain
from console.status import status
from console.up import down, up
from console.watch import watch
from console.why import why
from profiles.errors import MusterError


class Refused(click.ClickException):
    """A MusterError on its way to the screen: one message on stderr and exit code 1."""

    exit_code = 1

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the message."""
        click.echo(f"muster: {self.message}", file=file, err=file is None)


class _Muster(click.Group):
    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; what Muster raises on purpose is a message, anything else is a defect."""
        try:
            return super().invoke(ctx)
        except MusterError as error:
            raise Refused(str(error)) from error


# Documented in docs/cli.md; 2 is click's own code for a command that was typed wrongly.
@click.group(cls=_Muster, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="muster", message="%(version)s")
def muster() -> None:
    """Keep a fleet of production models honest.

    Settings come from the environment (MUSTER_*) and the nearest muster.toml.
    Exit codes: 0 done, 1 could not do it, 2 typed wrongly, 3 done and there is something to look at.
    """


for command in (
    init,
    watch,
    reconcile,
    status,
    rollback,
    promote,
    proposals,
    freeze,
    unfreeze,
    recall,
    incidents,
    why,
    history,
    report,
    baseline,
    retrain,
    backtest,
    policy,
    apply,
    render,
    ledger,
    up,
    down,
    doctor,
):
    muster.add_command(command)


def main() -> None:
    """Run the command with the arguments of this process."""
    muster(prog_name="muster")


if __name__ == "__main__":
    main()
