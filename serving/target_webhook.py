"""The target `webhook`: a delivery of the team's own that takes signed requests."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import httpx

from profiles.effects import effect
from registry.signing import signed
from serving.targets import ABILITIES, Abilities, NotCarriedOut, Order

PATIENCE = timedelta(seconds=30)


@dataclass(frozen=True, repr=False)
class WebhookTarget:
    """Posts the order as JSON, signed as the webhooks of alerts are, with its key as `Idempotency-Key`.

    `url` and `secret` are references, `env:NAME`.
    """

    url: str
    secret: str
    environ: Mapping[str, str]
    transport: httpx.BaseTransport | None = None
    splits: bool = False

    @property
    def can(self) -> Abilities:
        """What it can do."""
        return replace(ABILITIES["webhook"], split=self.splits)

    def carry_out(self, order: Order, at: datetime) -> str:
        """Post the order; any answer of success means that it was taken."""
        url, secret = self._revealed(self.url), self._revealed(self.secret)
        body = json.dumps(order.plain, sort_keys=True).encode()
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": order.key,
            **signed(secret, body, at),
        }
        with effect("target webhook"):
            answer = self._posted(url, body, headers)
        if not answer.is_success:
            raise NotCarriedOut(f"{self.url} answered {answer.status_code}")
        return f"{self.url} took the order that {order.sentence}"

    def _posted(self, url: str, body: bytes, headers: Mapping[str, str]) -> httpx.Response:
        try:
            with httpx.Client(
                timeout=PATIENCE.total_seconds(), follow_redirects=False, transport=self.transport
            ) as client:
                return client.post(url, content=body, headers=dict(headers))
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            # Its text may hold the address, and with it a secret.
            raise NotCarriedOut(f"{self.url} gave no answer ({type(error).__name__})") from None

    def _revealed(self, reference: str) -> str:
        found = self.environ.get(reference.removeprefix("env:"), "")
        if not found:
            raise NotCarriedOut(f"{reference} is not set where Muster runs: set the variable")
        return found
