"""What a policy file says of an objective's error budget."""

from typing import Annotated, TypeAlias

from pydantic import Field

from policies.policy import BudgetUnit
from policies.verdict import Severity
from policies.written_switch import Off, Switch
from policies.written_types import Duration, Share, Written


class BurnFile(Written):
    """A burn of the budget that is too fast."""

    severity: Severity = Field(description="How urgent such a burn is")
    spends: Share = Field(description="Share of the budget that may be spent within the span, such as 10%")
    within: Duration = Field(description="The span, rounded up to whole windows, such as 3d")


class BudgetFile(Written):
    """How much may fall short before the objective is breached."""

    of: BudgetUnit | None = Field(
        None, description="What is counted: windows or rows; default: rows for errors, else windows"
    )
    allow: Share | None = Field(None, description="Share that may fall short, such as 1%")
    over: Duration | None = Field(
        None, description="The period, rounded up to whole windows; default: 30d, at least 12 windows"
    )
    burn: Annotated[tuple[BurnFile, ...], Field(max_length=10)] | None = Field(
        None, description="Burns that are too fast; default: see the page of budgets; [] for none"
    )


BudgetKeys: TypeAlias = Annotated[
    BudgetFile | Off | None,
    Switch(BudgetFile),
    Field(description="How much may fall short before it is a breach; default: nothing"),
]
