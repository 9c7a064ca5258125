"""The channels: a console, Slack's incoming webhooks, signed webhooks. The one door to HTTP for alerts."""

import json
import logging
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Protocol

import httpx

from alerts.wording import Message
from profiles.effects import effect
from profiles.errors import ChannelUnavailable
from registry.channels import BUILT_IN, ChannelSetting, is_reference
from registry.signing import signed

TIMEOUT = timedelta(seconds=10)
# Slack refuses longer ones.
_SLACK_TEXT, _SLACK_HEADER = 3000, 150
# What Slack says of its own accord; anything else could be an echo of a secret.
_SLACK_REASONS = frozenset(
    {
        *("action_prohibited", "channel_is_archived", "channel_not_found", "invalid_payload"),
        *("invalid_token", "no_active_hooks", "no_service", "no_team", "no_text"),
        *("posting_to_general_channel_denied", "team_disabled", "too_many_attachments", "user_not_found"),
    }
)
_TOO_FAR = timedelta(days=1)


class Channel(Protocol):
    """Something that messages can be sent to."""

    def send(self, message: Message, at: datetime) -> None:
        """Deliver a message; NotDelivered when the receiver did not take it."""


class NotDelivered(Exception):
    """A receiver did not take a message. The text holds no secret; `retry_after` is what it asked for."""

    def __init__(self, reason: str, retry_after: timedelta | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


@dataclass(frozen=True)
class ConsoleChannel:
    """Prints the line of each message with its key."""

    show: Callable[[str], None] = print

    def send(self, message: Message, at: datetime) -> None:
        """Print a message."""
        with effect("alert.send console"):
            self.show(f"{at:%Y-%m-%d %H:%M} UTC  {message.line} [{message.key}]")


@dataclass(frozen=True, repr=False)
class SlackChannel:
    """An incoming webhook of Slack; its URL is the secret."""

    client: httpx.Client
    url: str

    def send(self, message: Message, at: datetime) -> None:
        """Post a message as text and blocks; Slack knows no keys, so the key stands in the message."""
        with effect("alert.send slack"):
            answer = _post(self.client, self.url, json.dumps(_slack(message)).encode(), {}, at)
        if answer.status_code != httpx.codes.OK:
            said = answer.text.strip()
            raise _refused(answer, f", {said}" if said in _SLACK_REASONS else "", at)


@dataclass(frozen=True, repr=False)
class WebhookChannel:
    """A receiver that can check who sent a message, and that it sees none twice.

    `Muster-Signature` is `v1=` and the hexadecimal HMAC-SHA256 of `<Muster-Timestamp>.<body>`;
    `Idempotency-Key` is the message's key.
    """

    client: httpx.Client
    url: str
    secret: str

    def send(self, message: Message, at: datetime) -> None:
        """Post a message as signed JSON."""
        body = json.dumps(_plain(message), sort_keys=True).encode()
        headers = {"Idempotency-Key": message.key, **signed(self.secret, body, at)}
        with effect("alert.send webhook"):
            answer = _post(self.client, self.url, body, headers, at)
        if not answer.is_success:
            raise _refused(answer, "", at)


@dataclass(frozen=True)
class BrokenChannel:
    """A channel that cannot be used as it is defined: its messages wait until that is mended."""

    reason: str

    def send(self, message: Message, at: datetime) -> None:  # noqa: ARG002 - as every channel
        """Deliver nothing, and say why."""
        raise NotDelivered(self.reason)


def open_channels(
    settings: Iterable[ChannelSetting],
    client: httpx.Client,
    environ: Mapping[str, str] = os.environ,
    block: Callable[[str], str] | None = None,
    show: Callable[[str], None] = print,
) -> dict[str, Channel]:
    """Return the channels by name; one whose secret cannot be found is broken and says so.

    `block` reads a secret block of the orchestrator by its name.
    """
    quiet()
    opened: dict[str, Channel] = {}
    for setting in (BUILT_IN, *settings):
        try:
            opened[setting.name] = _opened(setting, client, environ, block, show)
        except ChannelUnavailable as error:
            opened[setting.name] = BrokenChannel(str(error))
    return opened


def http_client() -> httpx.Client:
    """Return a client for channels: it follows no redirects, because a secret is not to be carried on."""
    return httpx.Client(timeout=TIMEOUT.total_seconds(), follow_redirects=False, trust_env=True)


def quiet() -> None:
    """Keep the HTTP library from logging addresses: those of Slack are secrets."""
    for name in ("httpx", "httpcore"):
        logger = logging.getLogger(name)
        logger.setLevel(max(logger.level, logging.WARNING))


def _opened(
    setting: ChannelSetting,
    client: httpx.Client,
    environ: Mapping[str, str],
    block: Callable[[str], str] | None,
    show: Callable[[str], None],
) -> Channel:
    def reveal(key: str) -> str:
        return _revealed(setting.name, getattr(setting, key), environ, block)

    if setting.kind == "slack":
        return SlackChannel(client, reveal("url"))
    if setting.kind == "webhook":
        return WebhookChannel(client, reveal("url"), reveal("secret"))
    return ConsoleChannel(show)


def _revealed(
    channel: str, written: str, environ: Mapping[str, str], block: Callable[[str], str] | None
) -> str:
    """Return what a reference stands for; ChannelUnavailable names the reference, never a value."""
    if not is_reference(written):
        return written
    kind, _, name = written.partition(":")
    if kind == "env":
        found = environ.get(name, "")
    elif block is None:
        raise ChannelUnavailable(f"channel {channel}: {written} can only be read where the orchestrator is")
    else:
        try:
            found = block(name)
        except Exception as error:  # noqa: BLE001 - whatever the orchestrator raises, its text stays there
            raise ChannelUnavailable(
                f"channel {channel}: {written} cannot be read ({type(error).__name__}): create the block"
            ) from None
    if not found:
        raise ChannelUnavailable(f"channel {channel}: {written} is not set: give it the secret")
    return found


def _post(
    client: httpx.Client, url: str, body: bytes, headers: Mapping[str, str], at: datetime
) -> httpx.Response:
    try:
        return client.post(url, content=body, headers={"Content-Type": "application/json", **headers})
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        # Its text may hold the address, and with it the secret.
        raise NotDelivered(f"no answer ({type(error).__name__}) at {at:%Y-%m-%d %H:%M} UTC") from None


def _refused(answer: httpx.Response, said: str, at: datetime) -> NotDelivered:
    return NotDelivered(
        f"it answered {answer.status_code}{said} at {at:%Y-%m-%d %H:%M} UTC",
        _retry_after(answer.headers.get("Retry-After"), at),
    )


def _retry_after(written: str | None, at: datetime) -> timedelta | None:
    """Read seconds or a date; nonsense is nothing, and more than a day is a day."""
    if written is None:
        return None
    if written.strip().isdecimal():
        return min(timedelta(seconds=min(int(written), 86_400)), _TOO_FAR)
    try:
        named = parsedate_to_datetime(written)
    except ValueError:
        return None
    aware = named if named.tzinfo is not None else named.replace(tzinfo=UTC)
    return min(max(aware - at, timedelta(0)), _TOO_FAR)


def _plain(message: Message) -> dict[str, Any]:
    alert = message.alert
    return {
        "version": 1,
        "key": message.key,
        "text": message.line,
        "at": message.at.isoformat(),
        "alert": {**vars(alert), "since": alert.since.isoformat(), "owners": list(alert.owners)},
    }


def _slack(message: Message) -> dict[str, Any]:
    alert = message.alert
    heading = f"{alert.severity.capitalize()}: {alert.subject} on {alert.model}"[:_SLACK_HEADER]
    told = f"{message.owners} · {message.at:%Y-%m-%d %H:%M} UTC · {message.key}"
    return {
        "text": _escaped(message.line)[:_SLACK_TEXT],
        "blocks": [
            {"type": "header", "text": {"type": "plain_text", "text": heading}},
            {"type": "section", "text": {"type": "mrkdwn", "text": _escaped(message.line)[:_SLACK_TEXT]}},
            {"type": "context", "elements": [{"type": "mrkdwn", "text": _escaped(told)[:_SLACK_TEXT]}]},
        ],
    }


def _escaped(text: str) -> str:
    """Escape what Slack would read as a link or a mention: a column named `<!channel>` must not ring."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
