"""The demonstration's service follows a version or an order, and splits as it is ordered."""

from dataclasses import asdict
from typing import Any

import pytest

from demo.service import Answering, Loaded, Named, named_in
from serving.split import is_challengers
from serving.targets import Order

ORDER = Order("shop.prices", "prices", 7, "shop.prices: revision 7", "1", None, "2", "canary", 0.3, "better")


def loaded(version: str) -> Loaded:
    unused: Any = None
    return Loaded(version, unused, (), unused)


@pytest.mark.parametrize(
    ("written", "named"),
    [
        ("", None),
        ("\n", None),
        ("2\n", Named("2")),
        (ORDER, Named("1", "2", 0.3, "shop.prices:2")),
        (Order(**{**asdict(ORDER), "challenger_role": "shadow", "weight": 0.0}), Named("1")),
        (Order(**{**asdict(ORDER), "challenger": None, "challenger_role": None}), Named("1")),
    ],
)
def test_what_is_written_says_who_answers(written: str | Order, named: Named | None) -> None:
    import json

    text = written if isinstance(written, str) else json.dumps(written.plain)
    assert named_in(text) == named


def test_a_request_goes_to_the_challenger_by_its_key_and_always_to_the_same() -> None:
    named = named_in('{"champion": "1", "challenger": "2", "share": 0.3, "salt": "s"}')
    assert named is not None
    now = Answering(named, loaded("1"), loaded("2"))
    keys = [f"customer {number}" for number in range(500)]
    answered = [now.of(key).version for key in keys]
    assert answered == ["2" if is_challengers(key, "s", 0.3) else "1" for key in keys]
    assert 100 < answered.count("2") < 200
