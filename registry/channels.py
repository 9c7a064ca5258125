"""Channels as the settings define them: where alerts go. Their secrets are references, never values.

Only the standard library is imported here, because every command reads the settings first.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

# What a reference to a secret looks like: an environment variable, or a secret block of the orchestrator.
_REFERENCE = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*|block:[a-z0-9][a-z0-9-]*")
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")
# Per kind the keys it needs.
_NEEDED: Mapping[str, tuple[str, ...]] = {"console": (), "slack": ("url",), "webhook": ("url", "secret")}
CONSOLE = "console"


@dataclass(frozen=True)
class ChannelSetting:
    """A channel by its name.

    `kind` is `console`, `slack` (an incoming webhook) or `webhook` (signed). `url` and `secret` are
    references, `env:NAME` or `block:NAME`; a webhook's `url` may also be written out.
    """

    name: str
    kind: str
    url: str | None = None
    secret: str | None = None


# There without being defined.
BUILT_IN = ChannelSetting(CONSOLE, "console")


def is_reference(value: str) -> bool:
    """Say whether a value names a secret instead of being one."""
    return _REFERENCE.fullmatch(value) is not None


def read_channels(value: Any) -> tuple[ChannelSetting, ...]:
    """Read the table `channels`, in a variable JSON; ValueError says what is wrong, but repeats no value."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            value = None
    if not isinstance(value, dict):
        raise ValueError(  # noqa: TRY004 - collected as a fault
            "has to be a table such as [channels.on-call] with kind, url and secret, in a variable as JSON"
        )
    return tuple(_channel(name, keys) for name, keys in value.items())


def write_channels(channels: Iterable[ChannelSetting]) -> str:
    """Return the channels as they stand in a variable; inverse of `read_channels`."""
    return json.dumps(
        {
            each.name: {
                key: value for key, value in vars(each).items() if key != "name" and value is not None
            }
            for each in channels
        }
    )


def _channel(name: str, keys: Any) -> ChannelSetting:
    if not _NAME.fullmatch(name):
        raise ValueError(f"has a channel {name!r}; use lower-case letters, digits, - and _ in its name")
    if name == CONSOLE:
        raise ValueError(f"{name} is there without being defined; choose another name")
    kind = str(keys.get("kind")) if isinstance(keys, dict) else ""
    if kind not in _NEEDED:
        raise ValueError(f"{name} needs a kind: {', '.join(_NEEDED)}")
    for key in keys:
        if key not in {"kind", *_NEEDED[kind]}:
            raise ValueError(f"{name} has an unknown key {key!r}; a {kind} channel has {_listed(kind)}")
    for key in _NEEDED[kind]:
        written = str(keys.get(key, ""))
        if not written:
            raise ValueError(f"{name} needs {key}; a {kind} channel has {_listed(kind)}")
        may_be_written = (kind, key) == ("webhook", "url") and written.startswith(("http://", "https://"))
        if not is_reference(written) and not may_be_written:
            raise ValueError(
                f"{name} has a {key} that is no reference: a secret is never written here; put it into an "
                "environment variable and write env:NAME, or into a secret block and write block:name"
            )
    return ChannelSetting(name, kind, keys.get("url"), keys.get("secret"))


def _listed(kind: str) -> str:
    return ", ".join(("kind", *_NEEDED[kind]))
