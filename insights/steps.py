"""Days gathered into the steps that a time axis shows: days, or Sunday-Saturday weeks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

WEEKLY_FROM = 93  # days: more than three months of daily bars are too thin to read or to touch
COUNTS = ("posts", "negative", "neutral", "positive")

# Columns of equal length by name: a few dozen rows, for which a DataFrame costs more than it helps.
Steps = dict[str, list[Any]]


def steps(days: Mapping[str, Sequence[Any]], weekly_from: int = WEEKLY_FROM) -> Steps:
    """One entry a step: `first` and `last` day (both included) and the sums of the counts.

    `days` has one entry a day in order, with `day` and any of COUNTS; a table will do. The weeks at
    both ends may be short: they hold only days of the period.
    """
    dates = list(days["day"])
    counts = {name: plain(days[name]) for name in COUNTS if name in _names(days)}
    if len(dates) < weekly_from:
        return {"first": dates, "last": dates, **counts}
    # isoweekday: Sunday is 7, and the week here begins with it.
    weeks = [day - timedelta(days=day.isoweekday() % 7) for day in dates]
    starts = [i for i, week in enumerate(weeks) if i == 0 or weeks[i - 1] != week]
    ends = [*starts[1:], len(dates)][: len(starts)]
    return {
        "first": [dates[start] for start in starts],
        "last": [dates[end - 1] for end in ends],
        **{
            name: [sum(values[start:end]) for start, end in zip(starts, ends, strict=True)]
            for name, values in counts.items()
        },
    }


def _names(days: Any) -> Sequence[str]:
    return days.names if hasattr(days, "names") else list(days)


def plain(values: Sequence[Any]) -> list[Any]:
    """A column as a list of Python's own values."""
    return values.tolist() if hasattr(values, "tolist") else list(values)


def with_net(spans: Steps, net: Callable[[int, int, int], tuple | None]) -> Steps:
    """The steps with value, low and high (-100..+100, None where `net` says nothing) and n.

    `net` is told negative, neutral and positive posts of a step and answers (value, low, high).
    """
    labels = list(zip(spans["negative"], spans["neutral"], spans["positive"], strict=True))
    said = [net(*counts) or (None, None, None) for counts in labels]
    return {
        "first": spans["first"],
        "last": spans["last"],
        **{name: [row[at] for row in said] for at, name in enumerate(("value", "low", "high"))},
        "n": [sum(counts) for counts in labels],
    }
