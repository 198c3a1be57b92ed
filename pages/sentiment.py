"""Sentiment: how people feel, how sure that is, and where and about what it differs."""

import streamlit as st

from ui import blocks, data, mood, shell, takeaway

scope = shell.open_page()
totals = data.totals(scope)
blocks.stop_if_empty(totals)
mood.stop_if_apart(scope)
mood.figures(scope, totals)
mood.stop_if_unclassified(totals)

mood.distribution(scope, totals)

left, right = st.columns(2)
with left:
    mood.over_time(scope)
with right:
    mood.net_over_time(scope)

left, right = st.columns(2)
with left:
    mood.by_group(scope)
with right:
    mood.by_place(scope)
mood.issues(scope)
takeaway.sentiment(scope)
