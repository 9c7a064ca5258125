"""nannyml's estimates on its own made-up car loans, by chunk, and the rows that they are of."""

import json
import sys
import types
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

# What nannyml imports for other ends than these estimates: drawing, reporting its use, other estimators.
LEFT_OUT = {"category_encoders", "flaml", "lightgbm", "matplotlib", "plotly", "seaborn", "segment"}
METRICS = ("accuracy", "precision", "recall", "f1", "roc_auc")


class _Anything(type):
    """Has whatever is looked for, and decorates by doing nothing."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return cls

    def __call__(cls, *_: Any, **__: Any) -> Any:
        return lambda decorated=None, *_, **__: decorated


class _Nothing(metaclass=_Anything):
    pass


class _LeftOut(types.ModuleType):
    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Nothing


class _Finder(MetaPathFinder, Loader):
    """Finds an empty module for each that is left out."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:  # noqa: ARG002
        left_out = name.partition(".")[0] in LEFT_OUT
        return ModuleSpec(name, self, is_package=True) if left_out else None

    def create_module(self, spec: ModuleSpec) -> types.ModuleType:
        return _LeftOut(spec.name)

    def exec_module(self, module: types.ModuleType) -> None:
        """Nothing to run."""


def main(folder: Path, size: int) -> None:
    """Write reference and analysis rows as Parquet below `folder`; print estimates and realised scores."""
    sys.meta_path.insert(0, _Finder())
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
