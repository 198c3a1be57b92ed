"""Streamlit's own words are handed to the browser in the reader's language."""

from __future__ import annotations

import json

import streamlit as st

from ui import borrowed, text


def test_every_name_of_streamlits_has_one_in_the_readers_language(monkeypatch):
    written = []
    monkeypatch.setattr(st, "html", lambda body, **given: written.append(body))

    with text.speaking("ms"):
        borrowed.translate()

    start = written[0].index("{")
    words, _ = json.JSONDecoder().raw_decode(written[0][start:])
    assert set(words["names"]) == set(borrowed._NAMES)
    assert words["names"]["Main menu"] == "Menu utama"
    assert not set(words["names"].values()) & set(borrowed._NAMES)
