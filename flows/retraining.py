"""Retraining one model: collect, validate, fit, evaluate, register, and let the challenger contend.

No Prefect here: the steps are those of production and of a backtest, which differ in their ports.
"""

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias

from flows.ports import Predict
from flows.world import World
from policies.intents import SHADOWED_FOR
from policies.load import LoadedPolicy
from policies.policy import Policy
from profiles.errors import MoveRefused, TrainerFailed
from profiles.sketch import read
from registry.acting import nothing
from registry.adoption import bind
from registry.canonical import canonical_json, digest
from registry.intent_records import Claim, RecordedIntent
from registry.model_registry import NewVersion, ServedVersion
from registry.moves import Standing, Wish, start_shadow
from registry.records import Actor, IntentEvent
from training.challenger import Challenger, Contest, NoneBetter, challenger_of
from training.collect import collect, outages
from training.evaluate import Evaluation
from training.orders import Fit
from training.validate import Quarantine

_ALWAYS = datetime(1, 1, 1, tzinfo=UTC)
_CHAMPIONS_CHANGE = ("adopted", "promoted", "rolled_back")
MUSTER = Actor("muster", "muster")


@dataclass(frozen=True)
class RetrainOrder:
    """What is to be done: `key` names the cause, rows count as they were known at `as_of`.

    Carried out again under the same key, it makes no second version.
    """

    key: str
    as_of: datetime
    actor: Actor
    reason: str


@dataclass(frozen=True)
class RetrainPorts:
    """What retraining needs of the world outside.

    `register` makes a version of a fitted model, `made_by` finds the one that was made under a recipe's
    digest. Files that trainers exchange lie below `scratch` until the end.
    """

    fit: Fit
    predict: Predict
    register: Callable[[NewVersion], ServedVersion]
    made_by: Callable[[str, str], ServedVersion | None]
    scratch: Path | None = None


@dataclass(frozen=True)
class Retrained:
    """A challenger stands in shadow."""

    version: str
    sentence: str
    comparison: str


@dataclass(frozen=True)
class DidNotHelp:
    """No candidate was better than the champion; for each the comparison and the reason.

    `ruled_out`: the rows say that none would help, not only that too few tell.
    """

    reasons: tuple[str, ...]
    evaluations: tuple[Evaluation, ...] = field(default=(), compare=False)
    ruled_out: bool = True

    @property
    def sentence(self) -> str:
        """The reasons in a line."""
        return f"retraining did not help: {'; '.join(self.reasons)}"


@dataclass(frozen=True)
class Refused:
    """Nothing was fitted, or nothing may contend: for these reasons, with their numbers."""

    reasons: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """The reasons in a line."""
        return f"not retrained: {'; '.join(self.reasons)}"


@dataclass(frozen=True)
class Failed:
    """The trainer failed; what it said."""

    reason: str

    @property
    def sentence(self) -> str:
        """The reason in a line."""
        return f"retraining failed: {self.reason}"


RetrainEnd: TypeAlias = Retrained | DidNotHelp | Refused | Failed


def retrain(order: RetrainOrder, loaded: LoadedPolicy, world: World, ports: RetrainPorts) -> RetrainEnd:
    """Make a challenger and let it answer in shadow, or say why there is none.

    Killed anywhere and done again, it ends with one version and one transition. Raises MusterError where it
    may go better later: rows, registry or ledger cannot be reached.
    """
    policy, ledger = loaded.policy, world.ledger
    policy_digest = ledger.record_policy(policy, loaded.source, at=world.clock())
    key = f"{SHADOWED_FOR}{order.key}"
    done = next((each for each in ledger.transitions(policy.model) if each.key == key), None)
    if done is not None:
        return _retrained(str(done.after.challenger), done.evidence)
    standing = ledger.standing(policy.model)
    recipe = digest(canonical_json({"model": policy.model, "order": order.key}))
    made = ports.made_by(policy.registered_as, recipe)
    if made is None:
        if (why := _may_not(standing, order)) is not None:
            return Refused((why,))
        ended = _made(order, policy, policy_digest, recipe, standing, world, ports)
        if not isinstance(ended, ServedVersion):
            return ended
        made = ended
    bind(policy, made, world.versions, ledger, world.profiles, world.clock())
    wish = Wish(key, order.actor, order.reason, _evidence(made), policy_digest)
    try:
        ledger.move(start_shadow(ledger.standing(policy.model), made.version, wish), world.clock(), nothing)
    except MoveRefused as refused:
        return Refused((f"version {made.version} was made and does not contend: {refused}",))
    return _retrained(made.version, _evidence(made))


def _may_not(standing: Standing, order: RetrainOrder) -> str | None:
    """Say beforehand why a challenger could not contend: a fit takes long."""
    now = standing.assignment
    if now is None or now.champion is None:
        return f"no version of {standing.model} serves yet: adopt or promote one first"
    if now.challenger is not None:
        return f"version {now.challenger} contends already as {now.challenger_role}"
    if order.actor.kind == "muster" and standing.held is not None:
        return f"Muster does nothing of itself: {standing.held}"
    return None


def _made(
    order: RetrainOrder,
    policy: Policy,
    policy_digest: str,
    recipe: str,
    standing: Standing,
    world: World,
    ports: RetrainPorts,
) -> ServedVersion | RetrainEnd:
    champion = str(standing.champion)
    sight = world.sight(policy)
    without = outages(world.ledger.windows(policy.model, until=order.as_of))
    collected = collect(sight, order.as_of, without)
    registered = world.ledger.baseline(policy.model, champion)
    learned = registered is not None and registered.kind == "training" and registered.period is not None
    with tempfile.TemporaryDirectory(prefix="muster-retrain-", dir=ports.scratch) as folder:
        contest = Contest(
            policy=policy,
            sight=sight,
            collected=collected,
            champion=champion,
            baseline=None if registered is None else read(world.profiles.get(registered.profile_digest)),
            learned_until=registered.period.end if learned and registered and registered.period else None,
            logged_since=_answering_since(policy, champion, world),
            folder=Path(folder),
        )
        try:
            found = challenger_of(contest, ports.fit, ports.predict)
        except TrainerFailed as failed:
            return Failed(str(failed))
        if isinstance(found, Quarantine):
            return Refused(found.reasons)
        if isinstance(found, NoneBetter):
            better_by, margin = policy.remediation.recipe.better_by, policy.remediation.gate.margin
            ruled_out = all(each.rules_out(better_by, margin) for each in found.evaluations)
            return DidNotHelp(found.reasons, found.evaluations, ruled_out)
        return ports.register(_new(order, policy, policy_digest, recipe, found))


def _new(
    order: RetrainOrder, policy: Policy, policy_digest: str, recipe: str, found: Challenger
) -> NewVersion:
    made_for = {"order": order.key, "policy_digest": policy_digest, "known_at": order.as_of.isoformat()}
    return NewVersion(
        name=policy.registered_as,
        recipe=recipe,
        model=found.fitted.model,
        baselines=found.baselines,
        scores=found.evaluation.scores,
        lineage={**found.lineage, **made_for},
    )


def _answering_since(policy: Policy, champion: str, world: World) -> datetime | None:
    """Return from when on the log's answers are the champion's; one that was adopted first always served."""
    if policy.traffic.version_is is not None:
        return _ALWAYS if policy.traffic.version_is == champion else None
    changes = [
        each
        for each in world.ledger.transitions(policy.model)
        if each.kind in _CHAMPIONS_CHANGE
        and (each.before is None or each.before.champion != each.after.champion)
    ]
    if not changes or changes[-1].after.champion != champion:
        return None
    return _ALWAYS if len(changes) == 1 and changes[0].kind == "adopted" else changes[-1].at


def _evidence(made: ServedVersion) -> dict[str, Any]:
    told = {"comparison": made.told.get("comparison", ""), "recipe": made.told.get("recipe_name", "")}
    return {"version": made.version, "parent": made.told.get("parent", ""), **told}


def _retrained(version: str, evidence: Mapping[str, Any]) -> Retrained:
    comparison = str(evidence.get("comparison", ""))
    return Retrained(version, f"version {version} stands in shadow; {comparison}", comparison)


def result_of(ended: RetrainEnd) -> tuple[IntentEvent, str, dict[str, Any]]:
    """Return how the intent of a retraining ends: the event, its sentence and the numbers to keep."""
    if isinstance(ended, Retrained):
        told = {"outcome": "retrained", "version": ended.version, "comparison": ended.comparison}
        return "done", ended.sentence, told
    if isinstance(ended, DidNotHelp):
        reasons, ruled_out = list(ended.reasons), ended.ruled_out
        found = {"outcome": "did_not_help", "reasons": reasons, "ruled_out": ruled_out}
        return "done", ended.sentence, found
    if isinstance(ended, Refused):
        return "failed", ended.sentence, {"outcome": "refused", "reasons": list(ended.reasons)}
    return "failed", ended.sentence, {"outcome": "failed", "reasons": [ended.reason]}


def order_of(claim: Claim | RecordedIntent) -> RetrainOrder:
    """Return what an intent orders; a person's wish is theirs, everything else is Muster's."""
    content, by = claim.intent.content, claim.intent.content.get("actor")
    actor = MUSTER if by is None else Actor(by["name"], by["kind"])
    return RetrainOrder(
        claim.intent.key, claim.recorded_at, actor, str(content.get("reason", claim.intent.sentence))
    )
