"""What acting needs of the world outside: versions that answer, and somebody who fits new ones.

Production runs both in child processes with the environment recorded for a version; a backtest runs them in
its own process.
"""

from collections.abc import Callable
from typing import TypeAlias

import pyarrow as pa

from policies.policy import Policy
from profiles.answers import Answers

# The model's policy, a version, and rows with its features in, the version's answers out. Raises MusterError.
Predict: TypeAlias = Callable[[Policy, str, pa.Table], Answers]
