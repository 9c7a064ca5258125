"""The flow that retrains one model, by hand or for an event; one deployment for the fleet."""

from dataclasses import replace
from typing import Any

from prefect import flow, get_run_logger
from prefect.states import Completed, Failed, State

from flows.retrain_waiting import retrain_waiting, wanted
from flows.run import fleet_of_settings, flow_run_id, scheduled, world_of
from flows.step import begin
from flows.trainers import retrain_ports
from policies.load import Fleet, LoadedPolicy
from profiles.errors import MusterError
from registry.records import Actor
from registry.settings import load_settings


@flow(name="retrain", flow_run_name="retrain-{model}")
def retrain_model(model: str, reason: str = "", actor: str = "") -> State:
    """Retrain `model`; what is better than the champion on later rows answers beside it, in shadow.

    Whoever starts this in Prefect's own pages is known by the name that they claim.
    """
    settings, log = load_settings(), get_run_logger()
    loaded = _policy(model, fleet_of_settings())
    world = replace(world_of(settings), flow_run=flow_run_id())
    watched, at = begin(loaded.policy, loaded.source, world), world.clock()
    by = Actor(actor or f"flow run {flow_run_id() or 'without a server'}", "claimed")
    # The time that the run was scheduled for: started again by Prefect, it is the same wish.
    intent = wanted(watched.policy, by, reason or "asked for in Prefect", scheduled())
    world.ledger.record_intents([intent], watched.policy_digest, at)
    with retrain_ports(settings, world) as ports:
        ended = retrain_waiting(loaded, world, ports, f"flow run {flow_run_id()}")
    for each in ended:
        log.info(each.sentence)
    return _outcome(model, [each.sentence for each in ended])


def _outcome(model: str, sentences: list[str]) -> Any:
    if not sentences:
        return Completed(message=f"{model}: nothing was due, or somebody else retrains it")
    failed = [each for each in sentences if each.startswith("retraining failed")]
    return Failed(message=failed[0]) if failed else Completed(message="; ".join(sentences))


def _policy(model: str, fleet: Fleet) -> LoadedPolicy:
    found = next((each for each in fleet.policies if each.policy.model == model), None)
    if found is None:
        said = [str(fault) for fault in fleet.faults if fault.model in {model, None}]
        raise MusterError("\n".join([f"no policy of a model {model} can be read here", *said]))
    return found
