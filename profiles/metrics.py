"""The scores by name, without the tools that compute them."""

from collections.abc import Mapping
from dataclasses import dataclass

from profiles.layout import Task


@dataclass(frozen=True)
class Metric:
    """A score by name: for which task it is, and whether more of it is better.

    `by_probability` tells that it judges probabilities instead of the predicted class.
    """

    name: str
    task: Task
    higher_is_better: bool
    by_probability: bool = False


METRICS: Mapping[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric("mae", "regression", higher_is_better=False),
        Metric("rmse", "regression", higher_is_better=False),
        Metric("r2", "regression", higher_is_better=True),
        Metric("accuracy", "classification", higher_is_better=True),
        Metric("precision", "classification", higher_is_better=True),
        Metric("recall", "classification", higher_is_better=True),
        Metric("f1", "classification", higher_is_better=True),
        Metric("roc_auc", "classification", higher_is_better=True, by_probability=True),
        Metric("average_precision", "classification", higher_is_better=True, by_probability=True),
        Metric("log_loss", "classification", higher_is_better=False, by_probability=True),
        Metric("ndcg", "ranking", higher_is_better=True),
    )
}


def metric_of(score: str) -> Metric:
    """Return the metric of a score's name, such as `mae` or `ndcg@10`; KeyError for an unknown one."""
    return METRICS[score.partition("@")[0]]
