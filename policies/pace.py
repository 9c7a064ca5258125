"""How long a challenger may take: what its gate expects, its deadline, the steps of its canary. Pure."""

from dataclasses import replace
from datetime import timedelta

from policies.gate import Gate, GateAnswer
from policies.policy import Policy
from profiles.window import spelled

_A_DAY = timedelta(days=1)
# A decision later than that is about a model that is old again.
_DECIDED_IN = timedelta(days=14)
# Windows that mature before a challenger may be rejected for time.
_LOOKS = 3


def gate_of(policy: Policy, rows_a_day: float | None = None) -> Gate:
    """Return the gate that a policy describes; how long it may take at most is decided by `next_move`.

    A model with few rows has a gate that is sharpest after what comes in two weeks. `rows_a_day` are those
    from before the contest began: what is expected must not follow the rows that are judged.
    """
    limits = policy.remediation.gate
    gate = Gate(margin=limits.margin, alpha=limits.alpha, minimum_rows=limits.minimum_rows, longest=None)
    if rows_a_day is None:
        return gate
    wanted = max(limits.minimum_rows, round(rows_a_day * (_DECIDED_IN / _A_DAY)))
    return replace(gate, tightest_at=min(gate.tightest_at, wanted))


def longest_shadow(policy: Policy) -> timedelta:
    """Return after how long an undecided challenger is rejected: never before its third matured window."""
    waits = timedelta(0) if policy.labels is None else policy.labels.arrives_within
    return max(policy.remediation.shadow.longest, _LOOKS * policy.cadence.length + waits)


def overdue(answer: GateAnswer, policy: Policy, passed: timedelta, rows_a_day: float | None) -> str | None:
    """Say that an undecided challenger has had, or will not be decided in, its longest time; else None.

    `passed` is how long it has contended, outages left out. Before the rows at which the gate is sharpest
    the difference itself is too uncertain to look ahead.
    """
    longest, found = longest_shadow(policy), answer.evidence
    if passed >= longest:
        return f"undecided after {spelled(longest)}: {answer.reason}"
    if found is None or found.rows < gate_of(policy, rows_a_day).tightest_at:
        return None
    more = answer.expected_rows
    if more is not None and passed * (1 + more / found.rows) <= longest:
        return None
    return f"not to be decided within {spelled(longest)}: {answer.reason}"


def next_step(weight: float, policy: Policy, rows_a_day: float | None) -> float | None:
    """Return the share of the requests that a canary answers after `weight`; None after the last one.

    A step that would not see its rows in its time is left out: where traffic is that thin, a promotion shows
    the version to no more requests before somebody looks, and its bake watches it as closely.
    """
    canary = policy.remediation.canary

    def fills(share: float) -> bool:
        return rows_a_day is None or share * rows_a_day * (canary.longest / _A_DAY) >= canary.rows

    return next((step for step in canary.steps if step > weight and fills(step)), None)
