"""What the teams of the demonstration fit, unfitted: `--estimator demo.backtests.estimators:bike`."""

from typing import Any

from demo.fleet import FLEET


def bike() -> Any:
    """Boosted trees for the demand of an hour."""
    return FLEET["pricing.bike-demand"].estimator()


def commits() -> Any:
    """A linear model of words and pairs of words for the kind of a commit."""
    return FLEET["search.commit-types"].estimator()


def bank() -> Any:
    """A linear model of what is known of a client."""
    return FLEET["marketing.term-deposit"].estimator()


def bank_indicators() -> Any:
    """The same with five indicators of the economy."""
    return FLEET["marketing.term-deposit-economy"].estimator()
