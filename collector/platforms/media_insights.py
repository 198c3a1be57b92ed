"""Instagram's figures that only the owner of a medium may read: shares and views."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from collector.platforms import PlatformError, fields
from collector.platforms.graph import METRIC_REFUSED, Graph, MetricRefused, data_of
from collector.platforms.http import PlatformDown
from insights.model import Kind, Post

METRICS = ("shares", "views")
# A medium older than the business account, one seen by too few, a token that may not ask: the
# media themselves can still be read.
OF_THE_MEDIUM = (Kind.BAD_REQUEST, Kind.PERMISSION)


@dataclass
class MediaInsights:
    """Asks for the figures of own media, one request each, at most `left` of them.

    Only media younger than `since` are asked about: figures of older ones hardly move. `fault` is
    what ended it before its time; the media themselves are whole without it. `refused` holds,
    for each kind of product (FEED, REELS, …), the metrics that do not exist for it.
    """

    graph: Graph
    since: datetime
    left: int
    fault: PlatformError | None = None
    skipped: int = 0
    denied: bool = False
    refused: dict[str, set[str]] = field(default_factory=dict)

    def added(self, posts: Iterable[Post], items: Iterable[Any]) -> tuple[Post, ...]:
        """The posts, with what could be learned of them; `items` are the records they came from."""
        records = map(fields.mapping, items)
        products = {fields.known_id(r): str(r.get("media_product_type")) for r in records}
        return tuple(self._with_figures(post, products.get(post.post_id, "")) for post in posts)

    def notes(self) -> str:
        """What the operator should know."""
        said = [
            "shares and views left out: the token lacks the permission" if self.denied else "",
            f"shares and views of {self.skipped} own media left out: too many"
            if self.skipped
            else "",
        ]
        return "; ".join(filter(None, said))

    def _with_figures(self, post: Post, product: str) -> Post:
        if post.posted_at is None or post.posted_at < self.since:
            return post
        if self.denied or self.fault is not None:
            return post
        if self.left <= 0:
            self.skipped += 1
            return post
        known = self._figures(post.post_id, product)
        shares, views = known.get("shares"), known.get("views")
        return replace(post, shares=shares, views=post.views if views is None else views)

    def _figures(self, post_id: str, product: str) -> dict[str, int]:
        try:
            return self._asked(post_id, product, again=True)
        except PlatformError as error:
            if isinstance(error, PlatformDown) or error.kind not in OF_THE_MEDIUM:
                self.fault = error
            elif error.kind == Kind.PERMISSION:
                self.denied = True
            return {}

    def _asked(self, post_id: str, product: str, *, again: bool) -> dict[str, int]:
        """The figures by name. One that does not exist fails all: once more without it."""
        without = self.refused.setdefault(product, set())
        names = [name for name in METRICS if name not in without]
        if not names:
            return {}
        self.left -= 1
        try:
            body = self.graph.get(f"{post_id}/insights", {"metric": ",".join(names)})
        except MetricRefused as error:
            found = METRIC_REFUSED.search(error.message.casefold())
            if not again or found is None or found[1] not in names:
                raise
            without.add(found[1])
            return self._asked(post_id, product, again=False)
        return figures_of(body)


def figures_of(body: Mapping[str, Any]) -> dict[str, int]:
    """The figures of an answer by name; what it leaves out is unknown and not 0.

    Raises PlatformError BAD_PAYLOAD for an answer without a list of figures.
    """
    told = {}
    for figure in fields.objects(data_of(body)):
        values = fields.objects(figure.get("values"))
        total = fields.mapping(figure.get("total_value"))
        value = fields.count((values[0] if values else total).get("value"))
        if value is not None:
            told[str(figure.get("name"))] = value
    return told
