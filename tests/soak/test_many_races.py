"""A thousand races of each kind; `make test` runs a hundred."""

from collections.abc import Callable

import pytest

from tests.races import Act, Raced, prepare, race
from tests.registry.test_races import check_promotions, check_rollbacks

RACES = 1000


@pytest.mark.soak
@pytest.mark.parametrize(
    ("acts", "check"),
    [(("promote", "promote"), check_promotions), (("promote", "roll_back"), check_rollbacks)],
)
def test_a_thousand_races(
    ledger_url: str, acts: tuple[Act, Act], check: Callable[[str, list[Raced], int], object]
) -> None:
    prepare(ledger_url, RACES)
    check(ledger_url, race(ledger_url, acts, RACES), RACES)
