"""Running without a Prefect server of one's own: everything under Muster's state directory, nothing sent out.

This module imports Prefect only inside `one_shot`, because Prefect reads the environment when it is imported.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from registry.settings import Settings

# By any of these a person says that Prefect is configured elsewhere.
_OWN_CONFIGURATION = ("PREFECT_HOME", "PREFECT_PROFILE", "PREFECT_PROFILES_PATH", "PREFECT_API_URL")
# Two names of one setting in Prefect 3.8.
_TEMPORARY_SERVER = ("PREFECT_SERVER_EPHEMERAL_ENABLED", "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE")


def environment(settings: Settings, environ: Mapping[str, str], *, quiet: bool = False) -> dict[str, str]:
    """Return the variables that embedded mode adds to `environ`; none that is there already.

    Prefect's home moves under the state directory, unless a person has named a home, a profile or a server.
    `quiet` leaves only Prefect's warnings on the screen, for commands that print their own result; a worker
    must not be quiet, or its flows' logs would be missing on Prefect's pages.
    """
    wanted = {
        "DO_NOT_TRACK": "1",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        # A server on a busy machine takes longer than Prefect's 20 seconds.
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
    }
    if not any(name in environ for name in _OWN_CONFIGURATION):
        wanted["PREFECT_HOME"] = str(settings.prefect_home)
    if not any(name in environ for name in _TEMPORARY_SERVER):
        wanted["PREFECT_SERVER_EPHEMERAL_ENABLED"] = "true"
    if quiet:
        wanted |= {"PREFECT_LOGGING_LEVEL": "WARNING", "PREFECT_SERVER_LOGGING_LEVEL": "ERROR"}
    return {name: value for name, value in wanted.items() if name not in environ}


def configure(settings: Settings, *, quiet: bool = False) -> None:
    """Put embedded mode's variables into this process's environment; see `environment`.

    It has to be called before anything imports Prefect: later it changes only what child processes see.
    """
    os.environ.update(environment(settings, os.environ, quiet=quiet))


@contextmanager
def one_shot() -> Iterator[None]:
    """Run flows in the body without heartbeats, which delay the end of every flow by up to a second.

    Heartbeats let a server find out that a worker has died. In a command that a person waits for, they
    are of no use. Prefect accepts None for their frequency from code only, not from the environment.
    """
    from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

    with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
        yield
