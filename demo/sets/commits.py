"""One-line commit subjects of a large open-source project, 2018 to 2026: what kind of change is it?

Real: vocabulary and the mix of kinds change slowly over eight years. The clock is the commits' own. 1,378
rows repeat an earlier text and kind: those are people who write the same twice, no duplicates, for each row
is a request with an id of its own.
"""

import re
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from demo.model import REQUEST_ID, TIME, DemoModel, Parts
from profiles.window import Window

DATA = Path(__file__).parents[1] / "data" / "commit_types.parquet"
TRAINED_IN = Window(datetime(2018, 7, 1, tzinfo=UTC), datetime(2020, 7, 1, tzinfo=UTC))
SERVED_IN = Window(datetime(2020, 7, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC))
REPEATED_TEXTS = 1_378

_WORD = re.compile(r"\b\w\w+\b")  # what the vectorizer calls a word


@cache
def rows() -> pd.DataFrame:
    """Return all commits in their order, with what a log holds of a text instead of the text.

    `unseen` is the share of a text's words that the training texts do not have at least twice.
    """
    found = pd.read_parquet(DATA).sort_values("ts", kind="stable").reset_index(drop=True)
    words = [_WORD.findall(text.lower()) for text in found["text"]]
    before = [set(each) for each, at in zip(words, found["ts"], strict=True) if at < TRAINED_IN.end]
    counted = pd.Series([word for each in before for word in each]).value_counts()
    known = set(counted[counted > 1].index)
    unseen = [sum(word not in known for word in each) / max(len(each), 1) for each in words]
    return found.assign(
        **{TIME: found["ts"], REQUEST_ID: found["sha"]},
        length=found["text"].str.len(),
        words=[len(each) for each in words],
        unseen=unseen,
        is_fix=(found["label"] == "fix").astype(int),
    )


def _parts() -> Parts:
    found = rows()
    served = found[(found[TIME] >= SERVED_IN.start) & (found[TIME] < SERVED_IN.end)]
    return Parts(found[found[TIME] < TRAINED_IN.end], served, TRAINED_IN)


def _classifier() -> Any:
    from sklearn.compose import ColumnTransformer
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    words = TfidfVectorizer(min_df=2, ngram_range=(1, 2), sublinear_tf=True)
    return make_pipeline(
        ColumnTransformer([("words", words, "text")]), LogisticRegression(C=5, max_iter=1000)
    )


def _model(name: str, **what: Any) -> DemoModel:
    return DemoModel(
        name=name,
        data="commit subjects of an open-source project",
        clock="the commits' own",
        parts=_parts,
        estimator=_classifier,
        inputs=("text",),
        features=("length", "words", "unseen"),
        serves=SERVED_IN,
        delay=timedelta(days=1),
        drift="vocabulary and the mix of kinds change over eight years",
        **what,
    )


MODELS = (
    _model("search.commit-types", target="label", prediction="kind", metric="accuracy"),
    _model("search.commit-fixes", target="is_fix", prediction="fix", positive="p_fix", metric="roc_auc"),
)
