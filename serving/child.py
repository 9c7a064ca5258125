"""A model version in a process of its own: rows in, answers out. Started by `serving.predictions`.

Nothing of Muster is imported: the interpreter is that of the version's environment, and what is loaded is
data from others. The order is the first argument, as JSON; then each line of standard input names a Parquet
file of rows and one to write answers to, and gets a line of JSON in return.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from pathlib import Path
from typing import Any

# Predictions that are spent on finding the rows a version fails on; what is unclear then counts as failed.
_TRIES = 200


class Model:
    """A loaded version."""

    def __init__(self, order: dict[str, Any]) -> None:
        import pandas as pd
        import pyarrow as pa  # noqa: F401 - an environment without it is told when the version is loaded

        self._pandas = pd
        self._asked = list(order["inputs"])
        self._estimator = _loaded(order)
        if not self._asked:
            self._asked = [str(each) for each in getattr(self._estimator, "feature_names_in_", ())]

    def answer(self, rows: str, answers: str) -> dict[str, Any]:
        """Answer the rows of one file in another; return the classes whose probabilities it holds."""
        asked = self._pandas.read_parquet(rows)
        if self._asked:
            asked = asked[self._asked]
        found: list[Any] = [None] * len(asked)
        self._fill(asked, found)
        known = [each for each in found if each is not None]
        if found and not known:
            self._of(asked)  # what it fails with is what there is to tell
        classes = self._classes() if known and known[0][1] is not None else []
        columns: dict[str, Any] = {"prediction": [None if each is None else each[0] for each in found]}
        for k in range(len(classes)):
            columns[f"p{k}"] = [None if each is None else float(each[1][k]) for each in found]
        self._pandas.DataFrame(columns).to_parquet(answers, index=False)
        return {"classes": classes}

    def _fill(self, asked: Any, found: list[Any]) -> None:
        """Answer rows all at once; where that fails by halves, so that only the bad ones stay without."""
        tries, parts = 0, [(0, len(asked))]
        while parts and tries < _TRIES:
            begin, end = parts.pop()
            if begin == end:
                continue
            tries += 1
            try:
                found[begin:end] = self._of(asked.iloc[begin:end])
            except Exception:  # noqa: BLE001 - whatever a model raises, it failed on these rows
                if end - begin > 1:
                    middle = (begin + end) // 2
                    parts += [(middle, end), (begin, middle)]

    def _of(self, asked: Any) -> list[Any]:
        """Return prediction and probabilities per row."""
        import numpy as np

        predicted = np.asarray(self._estimator.predict(asked))
        if predicted.ndim == 2 and predicted.shape[1] == 1:  # noqa: PLR2004 - a column of answers
            predicted = predicted[:, 0]
        if predicted.shape != (len(asked),):
            raise ValueError(f"answers of shape {predicted.shape} to {len(asked)} rows")
        chances = [None] * len(asked)
        if hasattr(self._estimator, "predict_proba") and hasattr(self._estimator, "classes_"):
            chances = self._estimator.predict_proba(asked)
        return list(zip(predicted.tolist(), chances))  # noqa: B905 - older interpreters have no strict

    def _classes(self) -> list[Any]:
        return list(self._estimator.classes_.tolist())


def _loaded(order: dict[str, Any]) -> Any:
    if order["loader"] == "pyfunc":
        import mlflow.pyfunc

        return mlflow.pyfunc.load_model(order["model"])
    file = Path(order["model"], order["file"])
    if order["loader"] == "skops":
        from skops.io import get_untrusted_types, load

        unknown = sorted(set(get_untrusted_types(file=file)) - set(order["trusted"]))
        if unknown:
            raise ValueError(f"it holds types that are not on the list of trusted ones: {', '.join(unknown)}")
        return load(file, trusted=order["trusted"])
    import pickle

    with file.open("rb") as stream:
        return pickle.load(stream)  # noqa: S301 - it is data from others; that is why this is a process apart


def _where(error: BaseException) -> str:
    """Name an error and its place, without its text, which may repeat values of rows."""
    frames = traceback.extract_tb(error.__traceback__)
    file = "/".join(Path(frames[-1].filename).parts[-3:])
    return f"{type(error).__name__} in {file}, line {frames[-1].lineno}"


def main() -> None:
    """Load what the order names, then answer until standard input ends."""
    order = json.loads(sys.argv[1])
    # First on the path is this file's folder, whose modules are none of the model's business.
    sys.path[:1] = [order["folder"]] if order["folder"] else []
    # What a model prints must not be taken for an answer.
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def reply(said: dict[str, Any]) -> None:
        replies.write(json.dumps(said) + "\n")
        replies.flush()

    try:
        model = Model(order)
    except BaseException as error:  # noqa: BLE001 - whatever loading raises is told
        reply({"error": f"{type(error).__name__}: {error}"})
        return
    reply({"ready": True})
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            reply(model.answer(asked["rows"], asked["answers"]))
        except Exception as error:  # noqa: BLE001 - whatever a model raises is told, and the next may be well
            reply({"error": _where(error)})


if __name__ == "__main__":
    main()
