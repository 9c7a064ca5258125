import re
import string
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from profiles.texts import descriptors

FAST = settings(derandomize=True, max_examples=60, deadline=None)
# Characters whose width in UTF-8 goes from one to four bytes.
TEXTS = st.lists(st.none() | st.text(st.sampled_from("aZ09 .-\n\téß日😀"), max_size=12), max_size=12)


def one_by_one(text: str) -> dict[str, float]:
    """The same numbers, character by character."""
    kinds = {
        "digits": string.digits,
        "punctuation": string.punctuation,
        "capitals": string.ascii_uppercase,
        "blanks": string.whitespace,
    }
    of = max(1, len(text))
    shares = {name: sum(each in kind for each in text) / of for name, kind in kinds.items()}
    outside = sum(ord(each) >= 128 for each in text) / of
    return {"length": len(text), "words": len(text.split()), **shares, "non-ASCII": outside}


@FAST
@given(TEXTS, st.integers(0, 3), st.sampled_from([pa.string(), pa.large_string()]))
def test_texts_are_measured_as_character_by_character(
    texts: list[str | None], skipped: int, kind: pa.DataType
) -> None:
    column = pa.chunked_array([pa.array(texts, kind), pa.array(texts, kind)]).slice(skipped)
    found = descriptors(column)
    expected = [one_by_one(each) for each in column.to_pylist() if each is not None]
    for name, numbers in found.items():
        assert numbers.tolist() == pytest.approx([each[name] for each in expected]), name


@pytest.mark.parametrize(
    "column", [pa.chunked_array([], pa.string()), pa.chunked_array([[None]], pa.string())]
)
def test_without_texts_there_are_no_numbers(column: Any) -> None:
    assert {name: each.size for name, each in descriptors(column).items()} == dict.fromkeys(
        ("length", "words", "digits", "punctuation", "capitals", "blanks", "non-ASCII"), 0
    )


def test_more_texts_than_are_looked_at_at_once_stay_in_order() -> None:
    texts = [f"{'x' * (i % 7)} {i}" for i in range(110_000)]
    found = descriptors(pa.chunked_array([pa.array(texts)]))
    assert found["length"].tolist() == [len(each) for each in texts]
    assert np.allclose(
        found["digits"], [len(re.findall(r"\d", each)) / len(each) for each in texts], rtol=1e-12
    )
