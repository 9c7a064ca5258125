"""nannyml's estimates on its own made-up car loans, by chunk, and the rows that they are of."""

import json
import sys
from pathlib import Path

METRICS = ("accuracy", "precision", "recall", "f1", "roc_auc")


def main(folder: Path, size: int) -> None:
    """Write reference and analysis rows as Parquet below `folder`; print estimates and realised scores."""
    import nannyml  # type: ignore[import-not-found,unused-ignore]

    reference, analysis, targets = nannyml.load_synthetic_car_loan_dataset()
    analysis = analysis.merge(targets, left_index=True, right_index=True, suffixes=("", "_again"))
    columns = ["y_pred_proba", "y_pred", "repaid"]
    reference[columns].to_parquet(folder / "reference.parquet")
    analysis[columns].to_parquet(folder / "analysis.parquet")
    estimator = nannyml.CBPE(
        y_pred_proba="y_pred_proba",
        y_pred="y_pred",
        y_true="repaid",
        metrics=list(METRICS),
        problem_type="classification_binary",
        chunk_size=size,
    )
    estimator.fit(reference)
    found = estimator.estimate(analysis).filter(period="analysis").to_df()
    told = {
        metric: {part: [float(each) for each in found[metric][part]] for part in ("value", "realized")}
        for metric in METRICS
    }
    print(json.dumps({"calibrated": bool(estimator.needs_calibration), "estimates": told}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
