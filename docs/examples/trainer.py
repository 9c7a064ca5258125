"""A trainer of a team's own, as Muster calls it: `python trainer.py ORDER.json`."""

import json
import sys
from pathlib import Path

import mlflow.sklearn
import pandas as pd
from mlflow.models import infer_signature
from sklearn.compose import make_column_transformer
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder


def main(order_file: str) -> None:
    """Fit on the rows of an order, answer the rows that it asks, and leave both in its folder."""
    order = json.loads(Path(order_file).read_text())
    folder = Path(order["folder"])
    rows = pd.read_parquet(folder / order["rows"])
    asked = pd.read_parquet(folder / order["asked"])

    texts = [name for name in order["features"] if rows[name].dtype == object]
    encoded = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), texts), remainder="passthrough"
    )
    model = make_pipeline(encoded, Ridge()).fit(rows[order["features"]], rows[order["label"]])

    answers = pd.DataFrame({"prediction": model.predict(asked)})
    answers.to_parquet(folder / "answers.parquet")
    mlflow.sklearn.save_model(
        model,
        str(folder / "model"),
        signature=infer_signature(asked, answers["prediction"]),
        pip_requirements=["scikit-learn", "pandas", "pyarrow", "skops"],
    )


if __name__ == "__main__":
    main(sys.argv[1])
