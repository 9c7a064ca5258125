"""Grading what was only observed, once what came after it is known. No Prefect here."""

from flows.mirroring import loss_for
from flows.world import World
from policies.grading import Grade, grade_move, grade_retraining, is_ripe, measured_on, ripens
from policies.load import Fleet
from policies.policy import Policy
from policies.release import Contest
from policies.respond import STOPS_CLOCKS
from profiles.window import Window
from registry.contests import contests
from registry.intent_records import RecordedIntent
from registry.records import Judged


def grade_observed(fleet: Fleet, world: World) -> tuple[Grade, ...]:
    """Grade every observed act for which all is in, and return the new grades; again there are none."""
    policies, given = {each.policy.model: each.policy for each in fleet.policies}, []
    for observed in world.ledger.ungraded():
        policy = policies.get(observed.intent.model)
        if policy is not None and (grade := _graded(observed, policy, world)) is not None:
            world.ledger.record_grade(grade, world.clock())
            given.append(grade)
    return tuple(given)


def _graded(observed: RecordedIntent, policy: Policy, world: World) -> Grade | None:
    """Return the grade of an act, None while something is to come that belongs to it."""
    span = measured_on(observed.recorded_at, policy)
    if world.clock() < ripens(span, policy):
        return None
    judged = world.ledger.windows(policy.model, since=span.start)
    if not is_ripe(span, [each.reading for each in judged]):
        return None
    return _grade(observed, policy, span, judged, world)


def _grade(
    observed: RecordedIntent, policy: Policy, span: Window, judged: tuple[Judged, ...], world: World
) -> Grade:
    intent = observed.intent
    sound = [each.reading for each in judged if _counts(each, span)]
    if intent.kind == "retrain":
        score = None if policy.performance is None else policy.performance.score
        return grade_retraining(intent, span, sound, score)
    contest, windows = _contest(observed, world), {each.window for each in sound}
    readings = () if contest is None else world.ledger.paired_readings(contest)
    paired = [each.mirrored.paired for each in readings if each.window in windows]
    return grade_move(intent, span, paired, loss_for(policy).name)


def _counts(judged: Judged, span: Window) -> bool:
    """Say whether a window grades: an outage's losses are nobody's gain."""
    diagnosis = judged.verdict.diagnosis
    broken = diagnosis is not None and diagnosis.cause in STOPS_CLOCKS
    return judged.reading.window.start < span.end and not broken


def _contest(observed: RecordedIntent, world: World) -> Contest | None:
    """Return the contest that an act was wanted in, as it was at the revision of then."""
    content = observed.intent.content
    transitions = world.ledger.transitions(observed.intent.model)
    found = contests([each for each in transitions if each.revision <= int(content["revision"])])
    pair = (content["version"], content["opponent"])
    return next((each for each in found if (each.version, each.opponent) == pair), None)
