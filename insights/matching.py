"""A post meets the gazetteer: its places, whether it counts before any classifier has spoken, why;
and who speaks in it.

`counted_why` is `code:detail`: named:<alias>, kedah:<word>, what brought it in (page:…, hashtag:…,
import:…, own:…), repost or no_place.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, replace

from insights.model import APART, Classification, Match, MatchedPost, PlaceLink, Post
from insights.places import Gazetteer
from insights.texts import cluster_key
from insights.voices import Voice, voice_of

# The reason of a link that no word of the text gave, but what the classifier read in it.
BY_CLASSIFIER = "classifier"
# Whatever comes from a source chosen for Kedah counts, also when its text names no place.
COUNTED_ORIGINS = ("page:", "hashtag:", "import", "own")


def matched_post(post: Post, gazetteer: Gazetteer, hash_secret: str) -> MatchedPost:
    """The post with its places, whether it counts, and why, as `code:detail`."""
    match = gazetteer.match(post.content, hashtags=post.hashtags, geo=post.geo)
    counted, why = _counted(post, match)
    # From a platform that stands apart nothing is derived.
    apart = post.platform in APART
    # On TikTok and in files the author is a handle; elsewhere a number, which is nobody's name.
    account = post.author_name or post.author
    voice = Voice() if apart else voice_of(post.content, post.hashtags, account)
    return MatchedPost(
        post,
        match,
        counted,
        why,
        author_hash(post, hash_secret),
        voice=voice.code,
        voice_why=voice.why,
        text_cluster=None if apart else cluster_key(post.content),
    )


def placed_by_classifier(answer: Classification, gazetteer: Gazetteer | None) -> Classification:
    """The answer with the place that its entities name, for a post whose own text names none.

    Only of a post that the classifier calls relevant: read with its whole text, a name such as
    "Lunas" is then the town and not the word. The most special place named first is taken.
    """
    if not answer.relevant or gazetteer is None:
        return answer
    link = _named_among(answer.entities, gazetteer)
    return answer if link is None else replace(answer, place=link)


def _named_among(entities: Sequence[str], gazetteer: Gazetteer) -> PlaceLink | None:
    found = [(place, name) for name in entities if (place := gazetteer.called(name))]
    if not found:
        return None
    place, name = min(found, key=lambda one: one[0].general)
    return PlaceLink(place.id, name, BY_CLASSIFIER, -1, is_primary=True)


@dataclass(frozen=True)
class Known:
    """What is known of a stored post beside its text: `near`, the cities (slugs) for which a
    geotag spoke when it came, as no point is stored; `placed`, the name by which its classifier
    placed it; `entities`, what else that read in it, if it calls the post relevant."""

    near: tuple[str, ...] = ()
    placed: str = ""
    entities: tuple[str, ...] = ()


def matched_again(post: Post, gazetteer: Gazetteer, known: Known) -> MatchedPost:
    """A stored post with the places of today's gazetteer; its voice is no part of it.

    Where its own text names none it stays where its classifier placed it, if that name is still
    the name of a place, or goes where an entity of it says.
    """
    match = gazetteer.match(post.content, hashtags=post.hashtags, near=known.near)
    counted, why = _counted(post, match)
    if not match.links:
        link = _named_among((known.placed,), gazetteer) or _named_among(known.entities, gazetteer)
        match = match if link is None else replace(match, links=(link,))
    return MatchedPost(post, match, counted, why)


def author_hash(post: Post, secret: str) -> str | None:
    """HMAC-SHA256 of platform and author; None without a secret (a plain hash protects nobody)."""
    if not secret or not post.author:
        return None
    author = f"{post.platform}:{post.author}".encode(errors="replace")
    return hmac.new(secret.encode(), author, hashlib.sha256).hexdigest()


def _counted(post: Post, match: Match) -> tuple[bool, str]:
    if post.is_repost:
        return False, "repost"
    if match.about_kedah:
        return True, match.why
    if post.found_by.startswith(COUNTED_ORIGINS):
        return True, post.found_by
    return False, "no_place"
