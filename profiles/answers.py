"""What a model version answers to rows, in the words of the prediction log."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pyarrow as pa


@dataclass(frozen=True, eq=False)
class Answers:
    """A version's answers, one per row and in the rows' order.

    `prediction` is a value per row; `probabilities` maps each class to its probability per row, empty for
    models that give none. A null is a row that the version failed on.
    """

    prediction: pa.Array
    probabilities: Mapping[str, pa.Array] = field(default_factory=dict)

    def __post_init__(self) -> None:
        lengths = {len(self.prediction), *(len(each) for each in self.probabilities.values())}
        if len(lengths) != 1:
            raise ValueError(f"answers of different lengths: {sorted(lengths)}")
