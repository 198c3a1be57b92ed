"""How often the machine's labels are what an officer would have said, as far as officers looked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import pandas as pd

from insights import metrics
from insights.model import Sentiment

# Fewer judged labels than this say nothing of a language: the interval is wider than any news.
LEAST = 20
OFFLINE = "offline:"


@dataclass(frozen=True)
class Agreement:
    """How many labels of one kind an officer looked at and agreed with.

    `language` None stands for all. `opposite` counts positive called negative or the reverse, the
    error that turns a figure round. `last` is when the latest of them was judged.
    """

    language: str | None
    share: metrics.Share
    opposite: int
    last: datetime

    @property
    def enough(self) -> bool:
        return self.share.n >= LEAST


def agreements(judged: pd.DataFrame) -> list[Agreement]:
    """All labels first, then each language, the most judged first.

    `judged` has one row a post: language (None where unknown), value (the officer's label), before
    (the machine's), corrected_at. An empty list when nobody has judged any.
    """
    if judged.empty:
        return []
    by_language = [
        _agreement(language, rows)
        for language, rows in judged.fillna({"language": ""}).groupby("language")
    ]
    by_language.sort(key=lambda one: (-one.share.n, one.language))
    return [_agreement(None, judged), *by_language]


def _agreement(language: str | None, rows: pd.DataFrame) -> Agreement:
    agreed = int((rows["value"] == rows["before"]).sum())
    ends = {str(Sentiment.POSITIVE), str(Sentiment.NEGATIVE)}
    apart = (rows["value"] != rows["before"]) & rows["value"].isin(ends) & rows["before"].isin(ends)
    last = pd.Timestamp(rows["corrected_at"].max()).to_pydatetime()
    return Agreement(language, metrics.share(agreed, len(rows)), int(apart.sum()), last)


def drawn_by_lot(judged: pd.DataFrame) -> pd.DataFrame:
    """The judged labels that speak for all the others: officers pick out what looks wrong."""
    return judged[judged["sampled"].astype(bool)]


def of_machine(judged: pd.DataFrame, offline: bool) -> pd.DataFrame:
    """The judged labels of the offline classifier, or those of all others."""
    return judged[judged["before_by"].fillna("").str.startswith(OFFLINE) == offline]
