"""What changed from one verdict to another."""

from dataclasses import replace

from policies.explain import difference
from policies.judge import judge
from profiles.window import Window
from tests.policies.readings import DAY, HEALTHY, POLICY, START, number, reading, scored, seen


def test_equal_verdicts_have_no_difference_not_even_in_different_windows() -> None:
    verdict = judge(HEALTHY, POLICY)
    assert difference(verdict, verdict) is None
    assert difference(verdict, replace(verdict, window=Window(START - DAY, START))) is None


def test_a_breach_is_explained_by_its_objective_and_finding() -> None:
    assert difference(judge(HEALTHY, POLICY), judge(scored(82.3), POLICY)) == (
        "met -> breached (high)\n"
        "performance: met -> breached (high): mae 82.3, at most 49.6 is allowed "
        "(10 % above the baseline's 45.1), 743 rows\n"
        "  new: mae 82.3, at most 49.6 is allowed (10 % above the baseline's 45.1), 743 rows"
    )


def test_recovery_says_what_is_gone() -> None:
    text = difference(judge(seen(number(psi=0.3)), POLICY), judge(seen(number()), POLICY))
    assert text is not None
    lines = text.splitlines()
    assert lines[0] == "breached (high) -> met"
    assert lines[1].startswith("drift: breached (high) -> met: no drift in 1 columns")
    assert lines[2].startswith("  gone: temp moved: psi 0.3")


def test_a_finding_that_changed_its_weight_says_from_what_to_what() -> None:
    text = difference(judge(seen(number(psi=0.2)), POLICY), judge(seen(number(psi=0.3)), POLICY))
    assert text is not None
    assert "  at_risk (low) -> breached (high): temp moved: psi 0.3" in text


def test_a_drift_that_became_explained_says_by_what() -> None:
    before, after = seen(number(psi=3.0)), seen(number(psi=3.0, missing_share=0.4))
    text = difference(judge(before, POLICY), judge(after, POLICY))
    assert text is not None
    assert "breached (high) -> breached (high) [explained by missing]" in text


def test_the_same_status_with_other_numbers_is_said_as_such() -> None:
    text = difference(judge(scored(82.3), POLICY), judge(scored(90.0), POLICY))
    assert text == (
        "performance: still breached (high): mae 90, at most 49.6 is allowed "
        "(10 % above the baseline's 45.1), 743 rows"
    )


def test_objectives_that_come_and_go_with_the_policy_are_named() -> None:
    less = replace(POLICY, volume=None)
    assert difference(judge(HEALTHY, POLICY), judge(HEALTHY, less)) == "volume: no longer judged"
    text = difference(judge(HEALTHY, less), judge(HEALTHY, POLICY))
    assert text == (
        "volume: not judged before, now met: 1,000 rows, 100 % of the 1,000 expected; "
        "at least 50 % are required"
    )


def test_verdicts_of_two_models_are_said_to_be_that() -> None:
    other = judge(reading(model="pricing.boat"), POLICY)
    assert difference(judge(HEALTHY, POLICY), other) == "model: pricing.bike -> pricing.boat"
