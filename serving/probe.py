"""A probe: the version that a service says it answers with."""

import json
from datetime import timedelta

import httpx

PATIENCE = timedelta(seconds=5)


def probed(url: str, transport: httpx.BaseTransport | None = None) -> str | None:
    """Return the version that a URL answers with, a text or JSON with the key `version`; None without one."""
    try:
        with httpx.Client(timeout=PATIENCE.total_seconds(), transport=transport) as client:
            answer = client.get(url)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError):
        return None
    if not answer.is_success:
        return None
    try:
        said = json.loads(answer.text)
    except ValueError:
        return answer.text.strip() or None
    found = said.get("version") if isinstance(said, dict) else said
    return None if found is None else str(found)
