"""Delivering what the ledger has to tell, over the channels of the settings."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from alerts.channels import http_client, open_channels
from alerts.deliver import Delivery, deliver
from flows.world import World
from registry.settings import Settings


@contextmanager
def telling(
    world: World,
    settings: Settings,
    worker: str,
    show: Callable[[str], None],
    block: Callable[[str], str] | None = None,
) -> Iterator[Callable[[], Delivery]]:
    """Yield what delivers all messages that are due; secrets are read once.

    `show` prints what the channel `console` gets, `block` reads a secret block of the orchestrator.
    """
    with http_client() as client:
        channels = open_channels(settings.channels, client, os.environ, block, show)
        yield lambda: deliver(world.ledger, channels, world.clock, worker)


def secret_block(name: str) -> str:
    """Read a secret block of the Prefect server that the environment names."""
    from prefect.blocks.system import Secret

    return str(Secret.load(name).get())


def total(one: Delivery, other: Delivery) -> Delivery:
    """Add what two deliveries came to."""
    return Delivery(**{name: count + getattr(other, name) for name, count in vars(one).items()})
