"""Definitions: what each figure means, where it comes from, what it cannot tell."""

from __future__ import annotations

import streamlit as st

from ui import blocks, data, filters, text
from ui.text import t

FIGURES = (
    "post",
    "counted",
    "unknown",
    "primary",
    "apart",
    "engagement",
    "net",
    "coverage",
    "period",
    "compared",
    "trending",
    "week",
    "city",
    "topics",
    "voices",
    "copies",
    "fair",
    "ages",
    "provisional",
    "corrections",
    "radar",
    "effect",
)
SOURCES = ("platforms", "labels", "authors", "gazetteer", "coast", "holidays")
LIMITS = ("people", "platforms", "language", "langkawi", "late")


def lead() -> None:
    """What this page is for."""
    st.markdown(t("about.lead"))


def definitions() -> None:
    """Every definition, in the reader's words."""
    with blocks.card(t("about.figures"), height="content"):
        cities = ", ".join(text.city(slug) for slug in filters.CITIES)
        for code in FIGURES:
            values = {"cities": cities} if code == "city" else {}
            st.markdown(t(f"about.{code}", **values))


def sources() -> None:
    """Where posts, labels, places and dates come from, with what their licences ask for."""
    known = data.places()
    exact = sum(not place.approximate for place in known)
    counts = {"n": len(known), "exact": exact, "approximate": len(known) - exact}
    with blocks.card(t("about.sources"), height="content"):
        for code in SOURCES:
            st.markdown(t(f"about.{code}", **(counts if code == "gazetteer" else {})))


def limits() -> None:
    """What nobody should read out of these figures."""
    with blocks.card(t("about.limits"), height="content"):
        for code in LIMITS:
            st.markdown(t(f"about.limit_{code}"))
