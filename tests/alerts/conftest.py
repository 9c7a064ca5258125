"""Receivers of alerts on loopback: they record what reaches them and fail when they are told to."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from alerts.wording import Message, message
from bench.receiver import receiving
from policies.alerting import Alert
from policies.verdict import Severity

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass
class Receiver:
    """A server that answers as it is told; `taken` are the requests that it answered well."""

    url: str = ""
    status: int = 200
    text: str = "ok"
    headers: dict[str, str] = field(default_factory=dict)
    taken: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    def bodies(self, path: str) -> list[dict[str, Any]]:
        return [json.loads(body) for there, _, body in self.taken if there == path]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()

    def answer(path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, str, Mapping[str, str]]:
        if receiver.status < 300:
            receiver.taken.append((path, dict(headers), body))
        return receiver.status, receiver.text, receiver.headers

    with receiving(answer) as receiver.url:
        yield receiver


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=5, trust_env=False) as client:
        yield client


@pytest.fixture
def worded() -> Callable[..., Message]:
    def word(**changes: Any) -> Message:
        alert = Alert(
            **{
                "model": "shop.prices",
                "team": "shop",
                "kind": "opened",
                "severity": Severity.CRITICAL,
                "subject": "silent",
                "sentence": "no rows for 8h",
                "since": AT,
                "doing": "Muster has done nothing",
                "owners": ("shop@example.com",),
                "incident": "silent@2026-03-01T12:00Z",
                **changes,
            }
        )
        return message(alert, alert.model, "opened silent", AT)

    return word
