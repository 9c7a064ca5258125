"""What a message says in its first line, and when it is tried again."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.schedule import FIRST, LONGEST, next_attempt
from alerts.wording import Message, message_key
from policies.verdict import Severity
from tests.alerts.conftest import AT


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        (
            {},
            (
                "Critical: silent on shop.prices (shop) since 2026-03-01 12:00 UTC: no rows for 8h. "
                "Muster has done nothing."
            ),
        ),
        (
            {"kind": "escalated", "severity": Severity.HIGH, "subject": "drift"},
            (
                "High now: drift on shop.prices (shop) since 2026-03-01 12:00 UTC: no rows for 8h. "
                "Muster has done nothing."
            ),
        ),
        (
            {"kind": "resolved", "sentence": "rows again"},
            (
                "Resolved: silent on shop.prices (shop), began 2026-03-01 12:00 UTC: rows again. "
                "Muster has done nothing."
            ),
        ),
        (
            {
                "kind": "moved",
                "subject": "version 1 serves again",
                "sentence": "2 was worse",
                "doing": "rolled back",
            },
            "shop.prices (shop): version 1 serves again at 2026-03-01 12:00 UTC: 2 was worse. rolled back.",
        ),
    ],
)
def test_the_first_line_says_what_for_whom_since_when_how_bad_and_what_is_done(
    worded: Callable[..., Message], changes: dict[str, Any], line: str
) -> None:
    assert worded(**changes).line == line


def test_a_key_is_the_same_for_the_same_message_only() -> None:
    assert message_key("a.b", "opened x") == message_key("a.b", "opened x")
    assert len({message_key("a.b", "x"), message_key("a.c", "x"), message_key("a.b", "y")}) == 3


@settings(deadline=None, max_examples=50)
@given(st.text(), st.integers(1, 10_000), st.integers(0, 90_000))
def test_pauses_grow_up_to_an_hour_and_are_never_shorter_than_was_asked_for(
    key: str, attempts: int, asked: int
) -> None:
    pause = next_attempt(key, attempts, AT) - AT
    assert min(FIRST * 2 ** min(attempts - 1, 12), LONGEST) / 2 <= pause <= LONGEST
    assert pause == next_attempt(key, attempts, AT) - AT
    assert next_attempt(key, attempts, AT, timedelta(seconds=asked)) == AT + max(
        pause, timedelta(seconds=asked)
    )


def test_messages_that_failed_together_do_not_come_back_together() -> None:
    assert len({next_attempt(str(n), 5, AT) for n in range(100)}) > 50
