"""What is paid for: list prices, what a round cost, and a daily budget that no restart forgets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from collector.platforms import PlatformError
from db import costs, store
from db.engine import Connection
from insights.model import Kind

MILLION = 1_000_000


@dataclass(frozen=True)
class Price:
    """USD for a million tokens, read and written; thinking counts as written."""

    input: float
    output: float


# Google's list prices of the paid tier, https://ai.google.dev/gemini-api/docs/pricing, November
# 2026, with the last day that the page names for them. They change: GEMINI_PRICE_* wins.
LIST_PRICES: dict[str, tuple[Price, date | None]] = {
    "gemini-3.5-flash-lite": (Price(0.30, 2.50), None),
    "gemini-3.5-flash": (Price(1.50, 9.00), None),
    "gemini-3.8-flash": (Price(0.75, 3.75), date(2026, 12, 31)),
}


def list_price(model: str, day: date) -> Price | None:
    """What a model costs by the table above, None where it does not say."""
    price, until = LIST_PRICES.get(model, (None, None))
    return None if until is not None and day > until else price


@dataclass(frozen=True)
class Purse:
    """What may be spent in a day (UTC) and what things cost, in USD.

    `budget` None: no limit. `per_post` is the price of a post received, by platform; a platform
    that is not in it is free. `model` is the classifier's price, None where nobody knows it.
    What was spent stands in the database, in the memory of whoever spent it.
    """

    budget: float | None = None
    per_post: Mapping[str, float] = field(default_factory=dict)
    model: Price | None = None

    def posts(self, platform: str, received: int) -> float | None:
        """What posts cost, None for a platform that takes no money."""
        price = self.per_post.get(platform)
        return None if price is None else price * received

    def tokens(self, calls: int, read: int | None, written: int | None) -> float | None:
        """What questions to the classifier cost; None where price or tokens are unknown."""
        if not calls:
            return 0.0
        if self.model is None or read is None or written is None:
            return None
        return (self.model.input * read + self.model.output * written) / MILLION

    def spend(self, connection: Connection, owner: str, usd: float | None, now: datetime) -> None:
        """Note money that was spent, in the transaction that stores what was bought."""
        if usd:
            spent = costs.spent_by(connection, owner, now) + usd
            store.save_state(connection, owner, {costs.SPENT: costs.entry_of(spent, now)}, now)

    def check(self, connection: Connection, now: datetime) -> None:
        """Raise PlatformError BUDGET once the money of the day is spent."""
        why = self.empty(connection, now)
        if why is not None:
            raise PlatformError(Kind.BUDGET, why)

    def empty(self, connection: Connection, now: datetime) -> str | None:
        """Why nothing more may be bought today, None while something may."""
        if self.budget is None or costs.spent_today(connection, now) < self.budget:
            return None
        return f"COLLECTOR_MONEY_BUDGET of ${self.budget:.2f} is spent until midnight UTC"


NO_PURSE = Purse()
