"""A window to a drift report by evidently, in evidently's own environment: CPU seconds, as JSON."""

import json
import sys
import time

import pandas as pd
from evidently import DataDefinition, Dataset, Report  # type: ignore[import-not-found]
from evidently.presets import DataDriftPreset  # type: ignore[import-not-found]

_WARM = 500


def main(reference: str, window: str) -> None:
    """Report on `window` beside `reference`; a few rows first pay for what is imported late."""
    before, now = (_dataset(pd.read_parquet(path)) for path in (reference, window))
    report = Report([DataDriftPreset()])
    report.run(_dataset(before.as_dataframe().head(_WARM)), before).dict()
    began = time.process_time()
    found = report.run(now, before)
    spent = time.process_time() - began
    judged = [each for each in found.dict()["metrics"] if each["metric_name"].startswith("ValueDrift")]
    print(json.dumps({"cpu": spent, "columns": len(judged)}))


def _dataset(frame: pd.DataFrame) -> Dataset:
    numbers = list(frame.select_dtypes("number").columns)
    others = [name for name in frame.columns if name not in numbers]
    return Dataset.from_pandas(
        frame, data_definition=DataDefinition(numerical_columns=numbers, categorical_columns=others)
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
