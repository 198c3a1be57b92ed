"""A weekly brief to test files with, small enough to know every figure of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from insights.brief import Brief, Day, EventLine, PlaceLine, Stamp, TopicLine, Where
from insights.metrics import Totals

SUNDAY = date(2026, 11, 15)
MADE_AT = datetime(2026, 11, 22, 0, 0, tzinfo=UTC)
NOW = Totals(
    posts=120, positive=60, neutral=20, negative=30,
    likes=12_345, likes_known=118, comments=987, comments_known=120,
    shares=654, shares_known=120, views=None, views_known=0,
)  # fmt: skip
BEFORE = Totals(
    posts=100, positive=20, neutral=20, negative=55, likes=10_000, likes_known=100,
    comments=987, comments_known=100, shares=None, shares_known=0, views=None, views_known=0,
)  # fmt: skip


def a_brief(**given: Any) -> Brief:
    """The brief of 15-21 Nov 2026; `demo=True` and whatever else a test is about."""
    stamp = Stamp("Asia/Kuala_Lumpur", MADE_AT, 42, given.pop("demo", False), MADE_AT)
    day = timedelta(days=1)
    week = [Day(SUNDAY + i * day, 11 + i, 10 + i) for i in range(7)]
    jetty = Where("jeti-kuala-kedah", "Jeti Kuala Kedah", 17)
    whole = Brief(
        since=SUNDAY,
        until=SUNDAY + 7 * day,
        city="all",
        platform=None,
        stamp=stamp,
        now=NOW,
        before=BEFORE,
        days=tuple(week),
        places=(
            PlaceLine("pantai-cenang", "Pantai Cenang", NOW, 13_986, 100),
            PlaceLine("unknown", "", Totals(posts=3), None, 0),
        ),
        complaints=(TopicLine("ferry", 23, 0, (jetty, Where("unknown", "", 6))),),
        praise=(TopicLine("scenery", 31, 20, (Where("pantai-cenang", "Pantai Cenang", 31),)),),
        events=(EventLine(SUNDAY, SUNDAY, "Pesta Air", "Water Festival", "langkawi", True),),
        ahead=(
            EventLine(
                SUNDAY + 10 * day, SUNDAY + 11 * day, "Cuti Sekolah", "School Break", "all", False
            ),
        ),
        left_out=("youtube",),
    )
    return replace(whole, **given)


def a_quiet_brief(**given: Any) -> Brief:
    """The same week without a post in it or in the week before."""
    days = tuple(replace(day, posts=0, before=0) for day in a_brief().days)
    nothing = {"places": (), "complaints": (), "praise": (), "events": (), "ahead": ()}
    return a_brief(**({"now": Totals(), "before": Totals(), "days": days} | nothing | given))


def a_blank_brief(why: str = "before", **given: Any) -> Brief:
    """The same week, of which nothing is known: no collection ran in it, nor in the one before."""
    began = SUNDAY + timedelta(days=8) if why == "before" else None
    return a_quiet_brief(**({"unread": why, "unread_before": why, "began": began} | given))
