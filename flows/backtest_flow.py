"""A backtest as one flow run, so that it can be looked at on Prefect's pages."""

from collections.abc import Callable, Sequence
from datetime import datetime

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from flows.backtest import Order, prepared, run
from flows.backtest_acts import act
from flows.backtest_result import backtested
from reports.backtested import Backtested


def backtest(order: Order, tell: Callable[[str, datetime], None] = lambda _model, _at: None) -> Backtested:
    """Replay one model from beginning to end; the same order gives the same answer. Raises MusterError."""
    replay = prepared(order)
    with replay.world.ledger:
        answers = run(replay, act, lambda at: tell(replay.policy.model, at))
        return backtested(replay, answers)


def backtest_in_a_flow(
    orders: Sequence[Order], tell: Callable[[str, datetime], None] = lambda _model, _at: None
) -> list[Backtested]:
    """Replay the models one after the other in one flow run, a task each."""
    found: list[Backtested] = []

    # Inside, because what they work on (an estimator, a policy) is no parameter that a page could show.
    @task(name="backtest-model", task_run_name="backtest-{model}", cache_policy=NO_CACHE)
    def backtest_model(model: str, place: int) -> None:  # noqa: ARG001 - shown on the page
        found.append(backtest(orders[place], tell))

    @flow(name="backtest", flow_run_name="backtest")
    def backtest_models(models: list[str]) -> None:
        for place, model in enumerate(models):
            backtest_model(model, place)

    backtest_models([order.loaded.policy.model for order in orders])
    return found
