"""Voices on screen: whose posts the figures are, and one click to each group they leave out."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from insights.model import Scope
from insights.voices import EVERYBODY, VISITOR, VISITORS
from ui import blocks, data, text
from ui.text import t


def line(scope: Scope) -> None:
    """How many of the counted posts are shown, and each group that is left out, with its posts.

    Nothing for a platform that stands apart: of its posts nothing is derived.
    """
    if scope.is_apart:
        return
    spoken = data.voices(scope)
    everybody = sum(spoken.values())
    shown = {VISITORS: spoken[VISITOR], EVERYBODY: everybody}.get(scope.voice)
    shown = spoken[scope.voice] if shown is None else shown
    said = t(
        "voices.shown",
        voice=text.name_of("voice", scope.voice),
        n=text.number(shown),
        all=text.number(everybody),
    )
    rest = [
        _link(scope, code, posts)
        for code, posts in spoken.items()
        if posts and code != scope.spoken_by and scope.spoken_by is not None
    ]
    left_out = f" {t('voices.left_out', groups=', '.join(rest))}" if rest else ""
    # No caption: its paleness would take the links' contrast away.
    st.markdown(f":small[{said}{left_out}]")


def _link(scope: Scope, code: str, posts: int) -> str:
    """A group's name and number, as a link to exactly its posts."""
    one = replace(scope, voice=VISITORS if code == VISITOR else code)
    words = f"{text.name_of('voice', one.voice)} {text.number(posts)}"
    return f"[{words}]({blocks.posts_href(one)})"


def why(code: str, said: str | None) -> str:
    """Whose voice a post is and what gave it away; "" for the public's."""
    if code == VISITOR:
        return ""
    kind, _, detail = (said or "").partition(":")
    key = "voices.by_account" if kind == "account" else "voices.by_words"
    return f"{t('voices.of_post', voice=text.name_of('voice', code))} {t(key, detail=detail)}"
