"""Days gathered into the steps that a time axis shows: days, or Sunday-Saturday weeks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pandas as pd

WEEKLY_FROM = 93  # days: more than three months of daily bars are too thin to read or to touch
COUNTS = ("posts", "negative", "neutral", "positive")


def steps(days: pd.DataFrame, weekly_from: int = WEEKLY_FROM) -> pd.DataFrame:
    """One row a step with `first` and `last` day (both included) and the sums of the counts.

    `days` has one row a day in order, with `day` and any of COUNTS. The weeks at both ends may be
    short: they hold only days of the period.
    """
    spans = days.assign(first=days["day"], last=days["day"])
    if len(days) < weekly_from:
        return spans.reset_index(drop=True)
    # isoweekday: Sunday is 7, and the week here begins with it.
    week = [day - timedelta(days=day.isoweekday() % 7) for day in days["day"]]
    sums = {count: "sum" for count in COUNTS if count in days}
    gathered = spans.groupby(pd.Index(week, name="week"), sort=True)
    return gathered.agg({"first": "min", "last": "max", **sums}).reset_index(drop=True)


def with_net(spans: pd.DataFrame, net: Callable[[int, int, int], tuple | None]) -> pd.DataFrame:
    """The steps with value, low and high (-100..+100, missing where `net` is None) and n.

    `net` is told negative, neutral and positive posts of a step and answers (value, low, high).
    """
    rows = [
        net(int(row.negative), int(row.neutral), int(row.positive)) or (None, None, None)
        for row in spans.itertuples()
    ]
    found = pd.DataFrame(rows, columns=["value", "low", "high"], index=spans.index, dtype=float)
    n = spans["negative"] + spans["neutral"] + spans["positive"]
    return pd.concat([spans[["first", "last"]], found, n.rename("n")], axis=1)
