"""How long labels take to come."""

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa

from profiles.reading import Labels

_MICROSECOND = 1e-6


def with_delays(state: Labels, requested: Any, arrived: Any) -> Labels:
    """Return `state` with the median and the 90 % quantile of `arrived - requested` in seconds.

    Both are Arrow columns of timestamps in microseconds, of one length. Rows without either do not count;
    an arrival before the request (clocks differ) counts as no delay. Until the labels are mature, the
    quantiles are those of the labels that came early.
    """
    spans = _micros(arrived) - _micros(requested)
    spans = spans[np.isfinite(spans)]
    if not spans.size:
        return state
    median, late = (float(each) * _MICROSECOND for each in np.quantile(np.maximum(spans, 0), (0.5, 0.9)))
    return replace(state, delay_median=median, delay_90=late)


def _micros(times: Any) -> Any:
    return times.cast(pa.int64()).to_pandas().to_numpy(np.float64)
