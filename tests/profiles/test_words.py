import math
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from profiles.new_words import NewWords, new_words
from profiles.words import BUCKETS, Words, added, words

DATA = Path(__file__).parents[2] / "demo" / "data" / "commit_types.parquet"
FAST = settings(derandomize=True, max_examples=25, deadline=None)
TEXTS = st.lists(st.none() | st.text(st.sampled_from("abC1 .,é日"), max_size=12), max_size=20)


def of(texts: Sequence[str | None], salt: str = "shop.tickets") -> Words:
    return words(pa.chunked_array([pa.array(texts, pa.string())]), salt)


def same(left: Words, right: Words) -> bool:
    numbers = ("key", "rows", "uses", "squares")
    alike = all(getattr(left, each) == getattr(right, each) for each in numbers)
    return alike and bool((left.buckets == right.buckets).all())


def compared(window: Sequence[str | None], baseline: Sequence[str | None]) -> NewWords:
    found = new_words(of(window), of(baseline), 0.001)
    assert found is not None
    return found


@FAST
@given(TEXTS, TEXTS)
def test_words_of_parts_add_up_to_those_of_all_rows_and_survive_their_note(
    left: list[str | None], right: list[str | None]
) -> None:
    whole = of(left + right)
    together = added([of(left), of(right)])
    assert together is not None
    assert same(together, whole)
    assert same(Words.of_note(whole.note()), whole)


@pytest.mark.parametrize(
    ("text", "uses"),
    [
        ("The the THE, (the)!", 1),
        ("order 4711 and order 4812", 3),
        ("- ... --", 0),
        ("", 0),
        ("größe Größe naïve", 2),
        ("a-b a_b a", 3),
    ],
)
def test_a_word_counts_once_a_text_without_case_punctuation_and_what_digits_say(text: str, uses: int) -> None:
    found = of([text, None])
    assert (found.rows, found.uses, found.squares, int(found.buckets.sum())) == (1, uses, uses**2, uses)


def test_neither_the_buckets_nor_the_note_are_the_same_for_another_model() -> None:
    one, other = of(["the words of a text"]), of(["the words of a text"], salt="shop.other")
    assert (one.buckets != other.buckets).any()
    assert added([one, other]) is None
    assert new_words(one, other, 0.01) is None


def test_new_words_are_counted_as_they_are_spelled() -> None:
    before = ["red blue green"] * 50 + ["once"]
    found = compared(["red blue", "red purple", "purple orange"], before)
    assert found.share == pytest.approx(3 / 6, abs=1e-4)
    assert found.expected == pytest.approx(1 / 151, abs=1e-4)
    assert found.excess == pytest.approx(3 / 6 - 1 / 151, abs=1e-4)


@pytest.mark.parametrize(
    ("window", "baseline"), [([], ["a"]), (["a"], []), (["..."], ["a"]), ([None], [None])]
)
def test_without_words_there_is_nothing_to_compare(
    window: Sequence[str | None], baseline: Sequence[str | None]
) -> None:
    assert new_words(of(window), of(baseline), 0.01) is None


def made_up(
    random: np.random.Generator, texts: int, first: int = 0, *, vocabulary: int = 20_000
) -> list[str]:
    """Texts of 4 to 19 words by Zipf's law; `first` shifts the vocabulary."""
    shares = 1 / np.arange(1, vocabulary + 1)
    sizes = random.integers(4, 20, texts)
    drawn = first + random.choice(vocabulary, sizes.sum(), p=shares / shares.sum())
    cuts = np.cumsum(sizes)[:-1]
    # As letters: digits are all read alike.
    spelled = np.array(["".join(chr(97 + int(d)) for d in str(word)) for word in range(first + vocabulary)])
    return [" ".join(spelled[each]) for each in np.split(drawn, cuts)]


def exact(window: Sequence[str], baseline: Sequence[str]) -> tuple[float, float]:
    """The shares of new and of expected words, from the words themselves."""
    counted = Counter(word for text in baseline for word in set(text.split()))
    uses = [word for text in window for word in set(text.split())]
    return (
        sum(word not in counted for word in uses) / len(uses),
        sum(count == 1 for count in counted.values()) / counted.total(),
    )


@pytest.mark.parametrize(
    ("vocabulary", "error"), [(2_000, 0.0005), (20_000, 0.002), (200_000, 0.008)], ids=["2k", "20k", "200k"]
)
@pytest.mark.parametrize("shift", [0, 20, 300])
def test_the_share_of_new_words_is_near_the_exact_one(vocabulary: int, shift: int, error: float) -> None:
    random = np.random.default_rng(vocabulary + shift)
    before = made_up(random, 8_000, vocabulary=vocabulary)
    now = made_up(random, 1_000, shift, vocabulary=vocabulary)
    share, expected = exact(now, before)
    found = compared(now, before)
    assert found.share == pytest.approx(share, abs=error)
    assert found.expected == pytest.approx(expected, abs=error)


@pytest.mark.parametrize(("n", "m"), [(100, 400), (300, 3000)])
@pytest.mark.parametrize("foreign", [0.0, 0.05], ids=["one language", "a twentieth in another"])
def test_where_nothing_changed_the_excess_exceeds_its_chance_as_rarely_as_said(
    n: int, m: int, foreign: float
) -> None:
    random, runs, alpha = np.random.default_rng(n + m), 40, 0.05
    pool = np.array(made_up(random, 12_000))
    other = np.array(made_up(random, 12_000, 50_000))
    pool = np.where(random.random(pool.size) < foreign, other, pool)
    exceeded = 0
    for _ in range(runs):
        drawn = random.choice(pool, n + m, replace=False)
        found = new_words(of(drawn[:n].tolist()), of(drawn[n:].tolist()), alpha)
        assert found is not None
        exceeded += found.excess > found.chance
    assert exceeded <= runs * alpha + 3 * math.sqrt(runs * alpha)


def test_another_language_is_new_and_a_rare_word_that_returns_is_not() -> None:
    random = np.random.default_rng(0)
    before, now = made_up(random, 4_000), made_up(random, 500)
    other = made_up(random, 500, 50_000)
    mixed = [a if i % 3 else b for i, (a, b) in enumerate(zip(now, other, strict=True))]
    found = compared(mixed, before)
    assert found.excess == pytest.approx((1 - found.expected) / 3, abs=0.02)
    assert found.excess > 3 * found.chance
    assert compared(now, before).excess < compared(now, before).chance


def test_the_vocabulary_of_a_project_changes_over_the_years() -> None:
    commits = pq.read_table(DATA).sort_by("ts")
    year = pc.add(pc.year(commits["ts"]), pc.if_else(pc.greater(pc.month(commits["ts"]), 6), 0.5, 0.0))

    def written(since: float, until: float) -> list[str]:
        chosen = pc.and_(pc.greater_equal(year, since), pc.less(year, until))
        texts: list[str] = commits.filter(chosen)["text"].to_pylist()
        return texts

    before = written(2018.5, 2020.5)
    first, last = compared(written(2020.5, 2021), before), compared(written(2026, 2026.5), before)
    assert (round(first.excess, 2), round(last.excess, 2)) == (0.02, 0.12)
    assert first.excess < first.chance < last.chance < last.excess


def test_an_excess_of_the_smallest_visible_size_is_seen_in_most_windows() -> None:
    random, runs, n = np.random.default_rng(4), 40, 400
    before, pool, other = made_up(random, 4_000), made_up(random, 8_000), made_up(random, 8_000, 50_000)
    known = of(before)
    quiet = new_words(of(pool[:n]), known, 0.01)
    assert quiet is not None
    assert quiet.smallest > quiet.chance
    foreign = quiet.smallest / (1 - quiet.expected)
    seen = 0
    for _ in range(runs):
        drawn = random.choice(8_000, n, replace=False)
        texts = [other[i] if random.random() < foreign else pool[i] for i in drawn]
        found = new_words(of(texts), known, 0.01)
        assert found is not None
        seen += found.excess > found.chance
    assert seen / runs >= 0.7


@pytest.mark.parametrize(("texts", "chance"), [(1000, 0.02), (100, 0.07)])
def test_what_may_be_chance_falls_with_the_texts(texts: int, chance: float) -> None:
    random = np.random.default_rng(0)
    assert round(compared(made_up(random, texts), made_up(random, 20_000)).chance, 2) == chance


@pytest.mark.parametrize(
    "damage",
    [{"used": BUCKETS + 1}, {"used": -1}, {"places": "?"}, {"counts": ""}, {"used": 1}, {"rows": None}],
)
def test_a_damaged_note_is_refused(damage: dict[str, object]) -> None:
    note = of(["two words"]).note()
    with pytest.raises((ValueError, TypeError, IndexError)):
        Words.of_note({**note, **damage})
