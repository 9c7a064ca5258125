"""The fleet: every model of the demonstration, in the order in which they are made."""

from collections.abc import Mapping

from demo.model import DemoModel
from demo.sets import bank, bike, bundled, commits

FLEET: Mapping[str, DemoModel] = {
    model.name: model for model in (*bike.MODELS, *bank.MODELS, *commits.MODELS, *bundled.MODELS)
}
