"""The split is sticky, uniform, and the same for whoever knows salt and key."""

from hashlib import blake2b

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kstest

from serving.split import challengers, is_challengers, place, salt_of

TEXT = st.text(max_size=40)
SHARE = st.floats(0.0, 1.0)


def test_places_are_what_the_definition_says_in_any_language() -> None:
    digest = blake2b(b"shop.prices:2\x00customer 7", digest_size=8).hexdigest()
    assert place("customer 7", salt_of("shop.prices", "2")) == (int(digest, 16) >> 11) / 2**53


def test_places_are_uniform_and_another_challenger_gets_others() -> None:
    keys = [f"request {number}" for number in range(20_000)]
    one, other = ([place(key, salt_of("shop.prices", version)) for key in keys] for version in "23")
    assert kstest(one, "uniform").pvalue > 0.01
    assert kstest(other, "uniform").pvalue > 0.01
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.03


@given(TEXT, TEXT, SHARE, SHARE)
def test_what_falls_into_a_share_falls_into_every_larger_one(
    key: str, salt: str, one: float, other: float
) -> None:
    small, large = sorted((one, other))
    assert 0.0 <= place(key, salt) < 1.0
    assert not is_challengers(key, salt, small) or is_challengers(key, salt, large)
    assert not is_challengers(key, salt, 0.0)
    assert is_challengers(key, salt, 1.0)


@given(st.lists(TEXT), TEXT, SHARE)
def test_many_requests_are_split_as_each_by_itself(keys: list[str], salt: str, share: float) -> None:
    assert challengers(keys, salt, share).tolist() == [is_challengers(key, salt, share) for key in keys]
