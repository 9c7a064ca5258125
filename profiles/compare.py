"""A window's profile beside its baseline's: distances, and what chance would make of them. No opinion."""

import math

from profiles import distances, mmd
from profiles.cardinality import cardinality
from profiles.described import is_derived
from profiles.homogeneity import chi_square, chi_square_by_chance
from profiles.new_words import NewWords, new_words
from profiles.profile import Column, Distribution, Profile
from profiles.reading import ColumnComparison, Comparison, Distances
from profiles.steadiness import constant
from profiles.units import rescaled
from profiles.vectors import Vectors


def compare(profile: Profile, baseline: Profile, *, false_alarm_rate: float = 0.01) -> Comparison:
    """Compare each column that both profiles have, in the baseline's order; pure.

    `false_alarm_rate` is the probability, for each kind of distance, that any of the columns exceeds its
    `chance` while nothing has changed: it is divided by the number of columns (Bonferroni). Missing
    values are compared apart and take no part in distances. ValueError outside 0 < rate < 1.
    """
    if not 0 < false_alarm_rate < 1:
        raise ValueError(f"false_alarm_rate is a probability between 0 and 1, found {false_alarm_rate}")
    both = [name for name in baseline.columns if name in profile.columns]
    alpha = false_alarm_rate / max(1, len(both))
    return Comparison(
        rows=profile.rows,
        baseline_rows=baseline.rows,
        columns=tuple(_column(profile.columns[name], baseline.columns[name], alpha) for name in both),
        missing_columns=tuple(
            name
            for name in baseline.columns
            # What is derived of a column goes with it.
            if name not in profile.columns and not is_derived(name, baseline.columns)
        ),
        new_columns=tuple(name for name in profile.columns if name not in baseline.columns),
    )


def _column(window: Column, baseline: Column, alpha: float) -> ColumnComparison:
    found, chance, smallest, conversion = Distances(), Distances(), None, None
    outside = new = 0.0
    words: NewWords | None = None
    if window.kind == baseline.kind:
        if window.distribution is not None and baseline.distribution is not None:
            found, chance = _numbers(window.distribution, baseline.distribution, alpha)
            smallest = _smallest_mean_shift(window.distribution, baseline.distribution, alpha)
            outside = _outside(window.distribution, baseline.distribution)
            if window.kind == "number":
                conversion = rescaled(window.distribution, baseline.distribution, alpha)
        elif window.kind == "category" and window.present and baseline.present:
            found, chance, new = _categories(window, baseline, alpha)
            smallest = distances.smallest_share_move(window, baseline, alpha)
        elif window.words is not None and baseline.words is not None:
            words = new_words(window.words, baseline.words, alpha)
            if words is not None:
                found, chance = Distances(new_words=words.excess), Distances(new_words=words.chance)
                smallest = words.smallest
        elif window.vectors is not None and baseline.vectors is not None:
            found, chance, smallest = _embeddings(window.vectors, baseline.vectors, alpha)
    return ColumnComparison(
        column=baseline.name,
        kind=window.kind,
        baseline_kind=baseline.kind,
        rows=window.rows,
        present=window.present,
        missing_share=window.missing_share,
        baseline_missing_share=baseline.missing_share,
        distances=found,
        chance=chance,
        smallest_shift=smallest,
        out_of_range_share=outside,
        new_category_share=new,
        infinite_share=window.infinite / window.rows if window.rows else 0.0,
        constant=constant(window),
        baseline_constant=constant(baseline),
        baseline_steady=baseline.steady,
        cardinality=cardinality(window, baseline) if window.kind == baseline.kind else None,
        rescaled=conversion,
        new_word_share=None if words is None else words.share,
        dimension=_dimension(window),
        baseline_dimension=_dimension(baseline),
    )


def _numbers(window: Distribution, baseline: Distribution, alpha: float) -> tuple[Distances, Distances]:
    """Distances of numbers; those in standard deviations are None where the baseline has none (constant)."""
    cells = distances.number_cells(window, baseline)
    gap = distances.gap(window, baseline)
    deviation = baseline.deviation
    scaled = math.isfinite(deviation) and deviation > 0
    found = Distances(
        psi=distances.psi(cells),
        js=distances.jensen_shannon(cells),
        chi2=chi_square(cells),
        ks=gap.ks,
        wasserstein=gap.wasserstein / deviation if scaled else None,
        mean_shift=abs(window.mean - baseline.mean) / deviation if scaled else None,
    )
    chance = Distances(
        psi=distances.psi_by_chance(cells, alpha),
        js=distances.jensen_shannon_by_chance(cells, alpha),
        chi2=chi_square_by_chance(cells, alpha),
        ks=distances.ks_by_chance(window, baseline, alpha),
        wasserstein=distances.wasserstein_by_chance(window, baseline, alpha) / deviation if scaled else None,
        mean_shift=distances.mean_shift_by_chance(window, baseline, alpha) if scaled else None,
    )
    return found, chance


def _smallest_mean_shift(window: Distribution, baseline: Distribution, alpha: float) -> float:
    return distances.smallest_mean_shift(float(window.weights.sum()), float(baseline.weights.sum()), alpha)


def _categories(window: Column, baseline: Column, alpha: float) -> tuple[Distances, Distances, float]:
    cells = distances.category_cells(window, baseline)
    moves = distances.moves(window, baseline)
    found = Distances(
        psi=distances.psi(cells),
        js=distances.jensen_shannon(cells),
        chi2=chi_square(cells),
        linf=moves.linf,
    )
    chance = Distances(
        psi=distances.psi_by_chance(cells, alpha),
        js=distances.jensen_shannon_by_chance(cells, alpha),
        chi2=chi_square_by_chance(cells, alpha),
        linf=distances.linf_by_chance(window, baseline, alpha),
    )
    return found, chance, moves.new


def _embeddings(
    window: Vectors, baseline: Vectors, alpha: float
) -> tuple[Distances, Distances, float | None]:
    """Distance, chance and smallest visible distance; none where there is nothing to measure by."""
    if window.dimension != baseline.dimension or not window.rows or not mmd.varies(baseline):
        return Distances(), Distances(), None
    null = mmd.null(window, baseline, alpha)
    return Distances(mmd=mmd.mmd(window, baseline)), Distances(mmd=null.chance), null.smallest


def _dimension(column: Column) -> int | None:
    return column.vectors.dimension if column.vectors is not None and column.vectors.rows else None


def _outside(window: Distribution, baseline: Distribution) -> float:
    """Return the share of values below the baseline's minimum or above its maximum."""
    outside = (window.values < baseline.minimum) | (window.values > baseline.maximum)
    return float(window.weights[outside].sum() / window.weights.sum())
