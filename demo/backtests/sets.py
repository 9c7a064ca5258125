"""The recorded traffic of the real sets: what was asked when, and what came true when."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pandas as pd

from demo.fleet import FLEET
from demo.model import REQUEST_ID, TIME, DemoModel

POLICIES = Path(__file__).parent / "policies"


@dataclass(frozen=True)
class Recording:
    """A set as it is replayed, with the data, the clock and the estimator of a model of the demonstration."""

    name: str
    policy: Path
    of: DemoModel

    @property
    def estimator(self) -> str:
        """The estimator's factory, as it is typed."""
        return f"demo.backtests.estimators:{self.name}"

    @property
    def baseline_until(self) -> datetime:
        """The end of what that model is trained on."""
        return self.of.serves.start

    def write(self, root: Path, most: int | None = None) -> None:
        """Write the requests with their features, and the outcomes with the times of their arrival.

        With `most`, only about so many, evenly among them.
        """
        parts = self.of.parts()
        rows = pd.concat([parts.trained, parts.served], ignore_index=True)
        rows = rows.iloc[:: 1 if most is None else max(1, len(rows) // most)]
        if TIME not in rows or rows[TIME].isna().any():
            raise ValueError(f"{self.name}: a row has no time")
        folder = root / self.name
        folder.mkdir(parents=True, exist_ok=True)
        rows[[TIME, REQUEST_ID, *self.of.inputs]].to_parquet(folder / "traffic.parquet", index=False)
        labels = rows[[REQUEST_ID, self.of.target]].assign(arrived_at=rows[TIME] + self.of.delay)
        labels.to_parquet(folder / "labels.parquet", index=False)


RECORDINGS = {
    each.name: each
    for each in (
        Recording("bike", POLICIES / "pricing" / "bike.yaml", FLEET["pricing.bike-demand"]),
        Recording("commits", POLICIES / "search" / "commits.yaml", FLEET["search.commit-types"]),
        Recording("bank", POLICIES / "marketing" / "bank.yaml", FLEET["marketing.term-deposit"]),
        Recording(
            "bank_indicators",
            POLICIES / "marketing" / "bank-indicators.yaml",
            FLEET["marketing.term-deposit-economy"],
        ),
    )
}
