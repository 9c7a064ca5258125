"""A window to a verdict by Muster: CPU seconds, as JSON."""

import json
import sys
import time

import pyarrow as pa
import pyarrow.parquet as pq

from bench.judging import judged, profiled

_WARM = 500


def main(reference: str, window: str) -> None:
    """Judge `window` beside `reference`; a few rows first pay for what is imported late."""
    rows: pa.Table = pq.read_table(window)
    baseline = profiled(pq.read_table(reference))
    judged(rows.slice(0, _WARM), baseline)
    began = time.process_time()
    verdict = judged(rows, baseline)
    spent = time.process_time() - began
    columns = len(rows.schema.names) if verdict.of("drift") is not None else 0
    print(json.dumps({"cpu": spent, "columns": columns}))


if __name__ == "__main__":
    main(*sys.argv[1:])
