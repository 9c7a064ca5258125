"""Routes that lead nowhere: policies that name channels which the settings do not define. Pure."""

from collections.abc import Collection, Iterable, Iterator
from difflib import get_close_matches

from policies.faults import Fault
from policies.load import LoadedPolicy


def unknown_channels(policies: Iterable[LoadedPolicy], known: Collection[str]) -> Iterator[Fault]:
    """Yield a fault for every channel that a policy, or its team, routes to and that is not `known`."""
    for loaded in policies:
        for tier, channels in vars(loaded.policy.routes).items():
            for channel in channels:
                if channel in known:
                    continue
                close = get_close_matches(channel, sorted(known), n=1)
                yield Fault(
                    loaded.path,
                    1,
                    1,
                    f"routes.{tier}",
                    f"no channel {channel!r} is defined in the settings",
                    close[0] if close else None,
                    loaded.policy.model,
                )
