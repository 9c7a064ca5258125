"""DECIDE: may a challenger go on? Advance, hold or abort, by the losses of the same rows. Pure."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum

from policies.gate_evidence import Evidence, evidence
from policies.gate_wording import sentence
from policies.objectives.wording import percent, span
from profiles.paired import HOUR, Block, PairedLosses, in_blocks_of, outside
from profiles.window import Window, spelled

_BASEL = 6 / math.pi**2


class Answer(StrEnum):
    """What a gate answers: go on, wait for more rows, give up."""

    ADVANCE = "advance"
    HOLD = "hold"
    ABORT = "abort"


@dataclass(frozen=True)
class Gate:
    """When a challenger is not inferior.

    Its mean loss may exceed the champion's by `margin`: a share of the champion's where `relative`, else in
    units of the loss. `alpha` is the largest chance that any of a month's inferior challengers advances; each
    is aborted wrongly with no larger chance. Nothing is decided before `minimum_rows` and `minimum_blocks`; a
    block is `block` long, and rows in one may depend on each other. Decisions come soonest where they need
    about `tightest_at` rows. After `longest`, paused time left out, an undecided challenger has `expired`.
    With `segment_margin` a challenger is also aborted where it is shown to be worse than that in any one
    segment, which may go wrong with the same chance again for all segments together.
    """

    margin: float = 0.02
    relative: bool = True
    alpha: float = 0.05
    minimum_rows: int = 100
    minimum_blocks: int = 10
    block: timedelta = HOUR
    tightest_at: int = 2_000
    longest: timedelta | None = timedelta(days=60)
    segment_margin: float | None = None

    def __post_init__(self) -> None:
        if not (0 < self.alpha < 0.5 and self.margin >= 0 and self.minimum_blocks > 1):  # noqa: PLR2004 - a half is no error rate
            raise ValueError("a gate needs 0 < alpha < 0.5, a margin of at least 0 and two blocks or more")
        if self.block < HOUR or self.block % HOUR:
            raise ValueError(f"blocks have whole hours; found {spelled(self.block)}")


@dataclass(frozen=True)
class SegmentAnswer:
    """How a challenger stands in one segment; `worse` where that was shown beyond the margin."""

    segment: str
    worse: bool
    evidence: Evidence


@dataclass(frozen=True)
class GateAnswer:
    """What a gate answers and why.

    `evidence` is None where nothing could be computed. `alpha` is what this challenger was allowed of the
    month's. `expected_rows` and `expected_time` are how much more it takes to decide if the difference stays
    as it is; None where decided or not to be foreseen. `refused` tells that no amount of rows will do,
    `expired` that the longest time is over. `paused_rows` were left out because their hours were paused.
    """

    answer: Answer
    reason: str
    alpha: float
    evidence: Evidence | None = None
    expected_rows: int | None = None
    expected_time: timedelta | None = None
    refused: bool = False
    expired: bool = False
    paused_rows: int = 0
    segments: tuple[SegmentAnswer, ...] = ()


def share_of_alpha(alpha: float, challenger: int) -> float:
    """Return what the k-th challenger of a month may spend: alpha 6 / (pi k)^2, which sums to alpha for ever.

    As their number need not be known beforehand (Foster and Stine, Alpha-investing, JRSS B 70(2), 2008, whose
    spending without earnings this is). ValueError for a number below 1.
    """
    if challenger < 1:
        raise ValueError(f"challengers of a month are counted from 1; found {challenger}")
    return alpha * _BASEL / challenger**2


def decide(
    paired: PairedLosses,
    gate: Gate,
    *,
    challenger: int = 1,
    paused: Sequence[Window] = (),
    observed_when: str | None = None,
    segments: Mapping[str, PairedLosses] | None = None,
) -> GateAnswer:
    """Answer for the `challenger`-th of the month by everything that its matured windows hold so far.

    Ask as often as wanted. Advance: the bound from above is below the margin now. Abort: the bound from below
    was above it after any block, which no later row takes back, or is so in a segment. Blocks that touch a
    `paused` window (outages) do not count. `observed_when` says for which decisions alone labels exist: then
    rows that the versions decide differently are missing, the difference is biased, and the gate refuses.
    """
    alpha = share_of_alpha(gate.alpha, challenger)
    return _decided(paired, gate, alpha, paused, observed_when, segments or {}, "champion")


def bake(
    paired: PairedLosses,
    gate: Gate,
    *,
    paused: Sequence[Window] = (),
    observed_when: str | None = None,
    segments: Mapping[str, PairedLosses] | None = None,
) -> GateAnswer:
    """Answer whether a promoted version (as challenger) is worse than the one before it (as champion).

    Abort means roll back: the version itself loses more than the margin on rows that both were asked, so it
    is not the world that changed. Advance means the bake may end early. The gate's whole alpha is the chance
    to roll back a version that is not worse than the margin.
    """
    return _decided(paired, gate, gate.alpha, paused, observed_when, segments or {}, "previous champion")


def _decided(
    paired: PairedLosses,
    gate: Gate,
    alpha: float,
    paused: Sequence[Window],
    observed_when: str | None,
    segments: Mapping[str, PairedLosses],
    other: str,
) -> GateAnswer:
    if observed_when is not None:
        why = f"refused: labels exist only for decisions where {observed_when}, so losses on the same rows "
        return GateAnswer(Answer.HOLD, f"{why}are biased; a person has to decide", alpha, refused=True)
    counted = in_blocks_of(gate.block, outside(paused, paired.blocks))
    rows = sum(block.rows for block in counted)
    plain = GateAnswer(Answer.HOLD, "", alpha, paused_rows=paired.rows - rows)
    if (blind := _blind(rows, len(counted), gate)) is not None:
        return replace(plain, reason=blind, expired=_expired(counted, gate, paused))
    found = _evidence(counted, paired, gate, gate.margin, alpha)
    within = _segments(segments, gate, alpha, paused)
    known = replace(plain, evidence=found, segments=within)
    said = sentence(found, paired, gate.relative, other)
    if found.was_above or any(each.worse for each in within):
        where = [each.segment for each in within if each.worse]
        return replace(known, answer=Answer.ABORT, reason=f"{said}{_worse_in(found, where)}")
    if found.upper < found.margin:
        return replace(known, answer=Answer.ADVANCE, reason=said)
    if _expired(counted, gate, paused):
        length = spelled(gate.longest or gate.block)
        return replace(known, reason=f"undecided after {length}: {said}", expired=True)
    return _held(known, found, _passed(counted, gate, paused), said)


def _blind(rows: int, blocks: int, gate: Gate) -> str | None:
    if rows < gate.minimum_rows:
        return f"blind: {rows} rows with labels, needs {gate.minimum_rows}"
    if blocks < gate.minimum_blocks:
        return (
            f"blind: labelled rows in {blocks} blocks of {spelled(gate.block)}, needs {gate.minimum_blocks}"
        )
    return None


def _evidence(
    blocks: tuple[Block, ...], paired: PairedLosses, gate: Gate, margin: float, alpha: float
) -> Evidence:
    return evidence(
        blocks,
        bound=paired.bound,
        margin=margin,
        relative=gate.relative,
        alpha=alpha,
        tightest_at=gate.tightest_at,
        from_rows=gate.minimum_rows,
        from_blocks=gate.minimum_blocks,
    )


def _segments(
    segments: Mapping[str, PairedLosses], gate: Gate, alpha: float, paused: Sequence[Window]
) -> tuple[SegmentAnswer, ...]:
    if gate.segment_margin is None:
        return ()
    answers = []
    for name, paired in sorted(segments.items()):
        counted = in_blocks_of(gate.block, outside(paused, paired.blocks))
        if _blind(sum(block.rows for block in counted), len(counted), gate) is None:
            found = _evidence(counted, paired, gate, gate.segment_margin, alpha / len(segments))
            answers.append(SegmentAnswer(name, found.was_above, found))
    return tuple(answers)


def _worse_in(found: Evidence, segments: Sequence[str]) -> str:
    early = "; shown worse at an earlier look" if found.was_above and found.lower <= found.margin else ""
    return f"{early}; worse in {', '.join(segments)}" if segments else early


def _held(known: GateAnswer, found: Evidence, passed: timedelta, said: str) -> GateAnswer:
    more = None if found.rows_to_tell is None else max(found.rows_to_tell - found.rows, 1)
    time = None
    if more is not None:
        foreseen = more / found.rows * passed.total_seconds()
        time = timedelta(seconds=foreseen) if foreseen < timedelta.max.total_seconds() else None
    reason = f"undecided: {said}; {_ahead(more, time)}"
    return replace(known, reason=reason, expected_rows=more, expected_time=time)


def _ahead(more: int | None, time: timedelta | None) -> str:
    if more is None:
        return "the difference is too close to the margin to say when this is decided"
    return f"about {more:,} more rows{f' ({span(time)})' if time else ''} decide if it stays so"


def _expired(counted: tuple[Block, ...], gate: Gate, paused: Sequence[Window]) -> bool:
    return gate.longest is not None and bool(counted) and _passed(counted, gate, paused) >= gate.longest


def _passed(counted: tuple[Block, ...], gate: Gate, paused: Sequence[Window]) -> timedelta:
    """Return the time from the first block to the last, quiet hours included and paused ones left out."""
    begun, ended = counted[0].start, counted[-1].start + gate.block
    passed, until = ended - begun, begun
    for window in sorted(paused):
        start, until = max(window.start, until), max(min(window.end, ended), until)
        passed -= max(until - start, timedelta(0))
    return passed


@dataclass(frozen=True)
class NoiseFloor:
    """How far two runs of one version lie apart by nothing but noise, as a share of its mean loss.

    A margin below `share` tells versions apart that are the same. None while there are too few rows.
    """

    share: float | None
    rows: int
    reason: str


def noise_floor(paired: PairedLosses, gate: Gate) -> NoiseFloor:
    """Return the largest difference that an A/A shadow leaves possible, with two-sided level alpha."""
    counted = in_blocks_of(gate.block, paired.blocks)
    if (blind := _blind(paired.rows, len(counted), gate)) is not None:
        return NoiseFloor(None, paired.rows, blind)
    found = _evidence(counted, paired, gate, 0.0, gate.alpha / 2)
    if not found.champion_loss > 0:
        return NoiseFloor(None, paired.rows, "both runs lost nothing: there is nothing to take a share of")
    share = max(abs(found.lower), abs(found.upper)) / found.champion_loss
    small = gate.relative and gate.margin < share
    hint = f"; the margin of {percent(gate.margin)} lies below that" if small else ""
    said = f"two runs of one version differ by up to {percent(share)} over {paired.rows:,} rows{hint}"
    return NoiseFloor(share, paired.rows, said)
