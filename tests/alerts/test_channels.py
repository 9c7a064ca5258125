"""Channels against a real server: what is sent, how it is signed, and what never gets out."""

import hashlib
import hmac
import json
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from alerts.channels import (
    BrokenChannel,
    ConsoleChannel,
    NotDelivered,
    SlackChannel,
    WebhookChannel,
    open_channels,
)
from alerts.wording import Message
from registry.channels import ChannelSetting
from tests.alerts.conftest import AT, Receiver

Word = Callable[..., Message]
SECRET = "T0/B0/very-secret"  # noqa: S105 - made up


def test_slack_gets_a_text_and_blocks_within_its_limits(
    receiver: Receiver, client: httpx.Client, worded: Word
) -> None:
    long = worded(sentence="<!channel> " + "x" * 5000, subject="y" * 300)
    SlackChannel(client, f"{receiver.url}/slack").send(long, AT)
    (body,) = receiver.bodies("/slack")
    assert body["text"].startswith("Critical: yyy")
    assert "<!channel>" not in json.dumps(body)
    header, section, context = body["blocks"]
    assert len(header["text"]["text"]) <= 150
    assert len(section["text"]["text"]) <= 3000
    assert long.key in context["elements"][0]["text"]


def test_a_webhook_is_signed_and_carries_its_key(
    receiver: Receiver, client: httpx.Client, worded: Word
) -> None:
    channel, told = WebhookChannel(client, f"{receiver.url}/hook", SECRET), worded()
    channel.send(told, AT)
    channel.send(told, AT + timedelta(hours=1))
    for _, headers, body in receiver.taken:
        stamp = headers["Muster-Timestamp"]
        wanted = hmac.new(SECRET.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
        assert headers["Muster-Signature"] == f"v1={wanted}"
        assert headers["Idempotency-Key"] == json.loads(body)["key"] == told.key
    first, again = receiver.bodies("/hook")
    assert first == again
    assert first["alert"]["severity"] == "critical"
    assert first["text"] == told.line


@pytest.mark.parametrize(
    ("status", "text", "headers", "reason", "seconds"),
    [
        (503, "busy", {}, "it answered 503", None),
        (429, "x", {"Retry-After": "90"}, "it answered 429", 90),
        (429, "x", {"Retry-After": "Sun, 01 Mar 2026 12:02:00 GMT"}, "it answered 429", 120),
        (429, "x", {"Retry-After": "Sun, 01 Mar 2026 11:00:00 GMT"}, "it answered 429", 0),
        (429, "x", {"Retry-After": "soon"}, "it answered 429", None),
        (429, "x", {"Retry-After": "9" * 30}, "it answered 429", 86_400),
        (302, "x", {"Location": "http://127.0.0.1:1/"}, "it answered 302", None),
        (404, "no_service", {}, "it answered 404, no_service", None),
        (400, f"bad: {SECRET}", {}, "it answered 400", None),
    ],
)
def test_a_refusal_is_told_without_what_the_receiver_said(
    receiver: Receiver,
    client: httpx.Client,
    worded: Word,
    status: int,
    text: str,
    headers: dict[str, str],
    reason: str,
    seconds: int | None,
) -> None:
    receiver.status, receiver.text, receiver.headers = status, text, headers
    with pytest.raises(NotDelivered) as refused:
        SlackChannel(client, f"{receiver.url}/{SECRET}").send(worded(), AT)
    assert str(refused.value) == f"{reason} at 2026-03-01 12:00 UTC"
    wait = refused.value.retry_after
    assert wait == (None if seconds is None else timedelta(seconds=seconds))


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "nonsense", "http://[", "ftp://a", "http://a\x00b"])
def test_no_answer_is_told_without_the_address(client: httpx.Client, worded: Word, url: str) -> None:
    with pytest.raises(NotDelivered, match="no answer") as failed:
        SlackChannel(client, f"{url}/{SECRET}").send(worded(), AT)
    assert SECRET not in str(failed.value)
    assert failed.value.__cause__ is None


def test_nothing_that_is_logged_or_shown_holds_a_secret(
    receiver: Receiver, client: httpx.Client, worded: Word, caplog: pytest.LogCaptureFixture
) -> None:
    settings = [
        ChannelSetting("ops", "slack", "env:OPS"),
        ChannelSetting("hook", "webhook", "env:OPS", "block:s"),
    ]
    environ = {"OPS": f"{receiver.url}/{SECRET}"}
    channels = open_channels(settings, client, environ, block=lambda _name: SECRET)
    with caplog.at_level(logging.INFO):
        for channel in channels.values():
            channel.send(worded(), AT)
    assert len(receiver.taken) == 2
    assert SECRET not in caplog.text + repr(channels)


@pytest.mark.parametrize(
    ("setting", "block", "told"),
    [
        (ChannelSetting("c", "slack", "env:GONE"), None, "channel c: env:GONE is not set"),
        (ChannelSetting("c", "slack", "block:s"), None, "can only be read where the orchestrator is"),
        (ChannelSetting("c", "slack", "block:s"), lambda _: 1 / 0, r"cannot be read \(ZeroDivisionError\)"),
    ],
)
def test_a_channel_without_its_secret_is_broken_and_its_neighbours_are_not(
    client: httpx.Client, worded: Word, setting: ChannelSetting, block: Any, told: str
) -> None:
    shown: list[str] = []
    channels = open_channels([setting], client, {}, block, shown.append)
    assert isinstance(channels["c"], BrokenChannel)
    with pytest.raises(NotDelivered, match=told):
        channels["c"].send(worded(), AT)
    channels["console"].send(worded(), AT)
    assert shown[0].startswith("2026-03-01 12:00 UTC  Critical: silent on shop.prices (shop) since")


def test_the_console_prints_one_line(worded: Word, capsys: pytest.CaptureFixture[str]) -> None:
    ConsoleChannel().send(worded(sentence="two\nlines"), AT)
    assert capsys.readouterr().out.count("\n") == 1
