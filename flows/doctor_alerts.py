"""What keeps alerts from reaching anybody."""

import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path

from flows.again import id_of
from policies.load import Fleet
from policies.routes import unknown_channels
from profiles.errors import LedgerUnavailable
from registry.ledger import Ledger
from registry.settings import Settings

_ENVIRONMENT = "env:"


def complaints(settings: Settings, fleet: Fleet, environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield what is wrong, each with what mends it; secrets in blocks are not looked for."""
    for fault in unknown_channels(fleet.policies, settings.channel_names):
        yield str(fault), "define the channel in muster.toml, or correct the route"
    for channel in settings.channels:
        for written in (channel.url, channel.secret):
            name = "" if written is None else written.removeprefix(_ENVIRONMENT)
            if written is not None and name != written and not environ.get(name):
                wrong = f"the channel {channel.name} needs the variable {name}, which is not set here"
                yield wrong, f"set {name} wherever flows run"
    yield from _dead_letters(settings)


def _dead_letters(settings: Settings) -> Iterator[tuple[str, str]]:
    scheme, _, file = settings.database_url.partition(":///")
    if scheme.startswith("sqlite") and not Path(file).exists():
        return
    try:
        with Ledger.open(settings.database_url, migrate=False) as ledger:
            for letter in ledger.dead_letters():
                wrong = f"nobody heard about {letter.intent.model} ({letter.intent.key}): {letter.sentence}"
                command = f"muster reconcile --again {shlex.quote(id_of(letter))}"
                yield wrong, f"mend the channel, then {command}"
    except LedgerUnavailable:
        return  # said where the ledger is looked at
