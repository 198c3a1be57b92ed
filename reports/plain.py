"""The weekly brief as plain text, for a mail that is read on a telephone."""

from __future__ import annotations

from collections.abc import Iterator

from insights.words import UNKNOWN
from reports.wording import Card, Listing, Wording


def plain(said: Wording) -> str:
    """Everything that the page says, line by line; figures first."""
    return "\n".join(_lines(said))


def _lines(said: Wording) -> Iterator[str]:
    yield f"{said.title}, {said.days}"
    yield said.scope
    if said.demo:
        yield said.demo
    yield ""
    yield from (f"- {sentence}" for sentence in said.sentences)
    if not said.brief.is_blank:  # as on screen: nobody wants to read what is not known line by line
        yield from _figures(said)
    for title, events in (("events", said.events), ("ahead", said.ahead)):
        yield ""
        yield f"{said.words.t(f'brief.{title}')}:"
        yield from (f"- {when}: {what}" for when, what in events)
        if not events:
            yield f"- {said.words.t('brief.no_events')}"
    yield ""
    yield f"{said.words.t('brief.state')}:"
    yield from (f"- {line}" for line in said.state if line not in said.sentences)
    yield ""
    yield said.definitions
    yield said.as_of


def _figures(said: Wording) -> Iterator[str]:
    yield ""
    yield f"{said.words.t('brief.figures')}:"
    yield from map(_card, said.cards)
    for listing in (said.complaints, said.praise, said.places):
        yield ""
        yield from _listing(listing)


def _card(card: Card) -> str:
    change = "" if card.change == UNKNOWN else card.change
    more = "; ".join(filter(None, (change, card.note)))
    return f"- {card.label}: {card.value}" + (f" ({more})" if more else "")


def _listing(listing: Listing) -> Iterator[str]:
    yield f"{listing.title}:"
    if not listing.rows:
        yield f"- {listing.empty}"
    for first, *rest in listing.rows:
        named = zip(listing.heads[1:], rest, strict=True)
        yield f"- {first}: " + "; ".join(f"{head.lower()} {cell}" for head, cell in named)
