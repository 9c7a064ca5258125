"""The labels of a window as a profile of their own.

Not a column of the traffic's profile: labels come later and from elsewhere, only some rows have one, and
a label may be called like a feature.
"""

from datetime import datetime

import pyarrow as pa

from profiles.columns import dense, known, names
from profiles.labels import LABEL


def outcome_profile(labelled: pa.Table, name: str, *, classes: bool, at: datetime) -> bytes | None:
    """Profile the known labels of some rows under the label's own name; None where no label is known.

    With `classes` they name classes, one spelling for equal ones (1, 1.0 and true), and are counted; else
    they are profiled as what they are.
    """
    from profiles.sketch import sketch

    column = labelled.column(LABEL)
    values = dense(column)
    there = known(values)
    if not there.any():
        return None
    kept = pa.array(names(values[there])) if classes else column.filter(pa.array(there))
    return sketch(pa.table({name: kept}), at=at)
