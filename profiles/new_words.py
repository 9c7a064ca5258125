"""How many of a window's words the baseline does not know, and how many by chance."""

import math
from dataclasses import dataclass

from profiles.words import Words

_POWER = 0.8


@dataclass(frozen=True)
class NewWords:
    """Shares of a window's uses of words (0..1), a word counting once for each text that has it.

    `share` is that of words new to the baseline, `expected` what it would be had nothing changed, `excess`
    what it has more (0 where it has less), `chance` the excess that chance makes of it, and `smallest` the
    excess that would exceed it in four of five windows.
    """

    share: float
    expected: float
    excess: float
    chance: float
    smallest: float


def new_words(window: Words, baseline: Words, alpha: float) -> NewWords | None:
    """Compare words; None where nothing can be compared.

    The expected share is f1/N, for f1 words in one of the baseline's texts alone of N uses (Good 1953), with
    the variance (f1 + 2 f2)/N**2 (Esty, "A normal limit law for a nonparametric estimator of the coverage of
    a random sample", Annals of Statistics 11, 1983). Chance is z s + ((z**2 - 1)/6 + 1/2)/min(n, m) as for a
    category's share (`distances.linf_by_chance`), one-sided. A text in another language has nothing but new
    words: uses are not independent, texts are. So n and m are (sum u)**2 / sum u**2 for texts of u words,
    which bounds the variance whatever the words of one text have to do with each other.
    """
    from scipy.special import ndtri

    openness = baseline.openness
    if window.key != baseline.key or not window.uses or not baseline.uses or not openness:
        return None
    once, twice = (int((baseline.buckets == times).sum()) for times in (1, 2))
    unknown = int(window.buckets[baseline.buckets == 0].sum())
    share, expected = unknown / window.uses, once / baseline.uses
    n, m = (side.uses**2 / side.squares for side in (window, baseline))
    pooled = min(1.0, max(expected, (unknown + once) / (window.uses + baseline.uses)))
    spread = pooled * (1 - pooled) / n + (once + 2 * twice) / baseline.uses / m
    z = -float(ndtri(alpha))
    chance = z * math.sqrt(spread) + ((z * z - 1) / 6 + 0.5) / min(n, m)
    # Where there is an excess, the window's share varies as a share of that size does.
    there = min(1.0, expected + chance)
    smallest = chance - float(ndtri(1 - _POWER)) * math.sqrt(spread + there * (1 - there) / n)
    return NewWords(
        share=min(1.0, share / openness),
        expected=min(1.0, expected / openness),
        excess=min(1.0, max(0.0, share - expected) / openness),
        chance=min(1.0, chance / openness),
        smallest=min(1.0, smallest / openness),
    )
