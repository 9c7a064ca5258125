"""What Prefect has to offer to a person who acts: rollback, promotion, retraining; and rehearsals. Pure."""

from collections.abc import Sequence
from dataclasses import replace

from flows.deployment_spec import DeploymentSpec, for_fleet, instance_tag, origin
from policies.policy import Policy

ROLLBACK_FLOW = "rollback"
PROMOTE_FLOW = "promote"
REHEARSE_FLOW = "rehearse"
RETRAIN_FLOW = "retrain"
# A rollback never waits behind a retraining.
ROLLBACK_QUEUE = "rollback"
_REHEARSE_CRON = "20 3 * * *"


def acting_deployments(policies: Sequence[Policy], instance: str, work_pool: str) -> list[DeploymentSpec]:
    """Return a rollback per model, and one each for the fleet: rollback, promote, rehearse, retrain.

    The last one only where labels are there to learn from.
    """
    if not policies:
        return []
    learns = any(policy.labels is not None for policy in policies)
    return [
        *(_rollback(policy, instance, work_pool) for policy in policies),
        _rollback_of_fleet(instance, work_pool),
        _promote(instance, work_pool),
        _rehearse(instance, work_pool),
        *([_retrain(instance, work_pool)] if learns else []),
    ]


def _rollback(policy: Policy, instance: str, work_pool: str) -> DeploymentSpec:
    model = policy.model
    what = (
        f"Rolls **{model}** back: the champion before the last promotion serves again. **Run > Quick run** is"
        " enough; nothing has to be filled in, trained or approved.\n\n"
        "- The version that comes back is tried on the newest logged rows; one that fails is refused.\n"
        "- The run ends when that version was seen to answer. Its log tells each step, its artifact the"
        " result.\n"
        f"- After that Muster does nothing of itself to the model until `muster unfreeze {model}`.\n"
        "- Pressed twice, it does nothing the second time.\n"
        f"- The same without Prefect and MLflow: `muster rollback {model}`."
    )
    return DeploymentSpec(
        flow_name=ROLLBACK_FLOW,
        name=policy.model,
        entrypoint="flows.rollback.roll_back_model",
        parameters={"model": policy.model},
        cron=None,
        tags=("muster", instance_tag(instance), f"team:{policy.team}"),
        work_pool=work_pool,
        description=f"{what}\n\n{origin(instance, scheduled=False)}",
        work_queue=ROLLBACK_QUEUE,
    )


def _rollback_of_fleet(instance: str, work_pool: str) -> DeploymentSpec:
    what = (
        "Rolls several models back, each as its own deployment would. **Run > Custom run**, and say"
        " which:\n\n"
        "- the models of a team,\n"
        "- a list of models,\n"
        "- all that were promoted since a time.\n\n"
        "What is filled in holds together; with nothing filled in nothing happens. A model that cannot go"
        " back does not stop the others."
    )
    made = for_fleet(ROLLBACK_FLOW, "flows.rollback.roll_back_fleet", what, instance, work_pool)
    return replace(made, work_queue=ROLLBACK_QUEUE)


def _promote(instance: str, work_pool: str) -> DeploymentSpec:
    what = (
        "Approves a proposal: the challenger becomes the champion and bakes. **Run > Custom run** shows the"
        " proposal that waits, the oldest of several.\n\n"
        "- Prefect does not know who presses. Models take an approval from here only where their policy says"
        " `remediation: {claimed_promotions: true}`; all others by `muster promote MODEL`.\n"
        "- A proposal that is out of date is refused."
    )
    made = for_fleet(PROMOTE_FLOW, "flows.promote.promote_proposed", what, instance, work_pool)
    return replace(made, parameters={"proposal": ""}, living=("parameters", "description"))


def _rehearse(instance: str, work_pool: str) -> DeploymentSpec:
    what = (
        "Rehearses every rollback at night: the version that would be restored is loaded and answers the last"
        " logged rows. One that could not is a finding by day, not a surprise at night."
    )
    return for_fleet(
        REHEARSE_FLOW, "flows.rehearse.rehearse_fleet", what, instance, work_pool, _REHEARSE_CRON
    )


def _retrain(instance: str, work_pool: str) -> DeploymentSpec:
    what = (
        "Retrains the model that you name: labelled rows are validated, every recipe of its policy is fitted"
        " and compared with the champion on the same later rows. What is better answers beside the champion,"
        " in shadow, until the gate decides; what came of it is in the ledger."
    )
    made = for_fleet(RETRAIN_FLOW, "flows.retrain.retrain_model", what, instance, work_pool)
    return replace(made, collision_strategy="ENQUEUE")
