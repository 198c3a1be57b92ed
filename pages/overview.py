"""Overview: what must be known this morning."""

import streamlit as st

from ui import blocks, briefing, data, overview, shell, takeaway

scope = shell.open_page()
totals, compared = data.totals(scope), data.compared(scope)

overview.lines_above(scope)
blocks.stop_if_empty(totals)
briefing.shown(scope, totals, compared)
overview.figures(scope, totals, compared)
overview.line_below(compared)

wide, narrow = st.columns([2, 1])
with wide:
    overview.trend(scope)
with narrow:
    overview.sentiment(scope, totals)

overview.topics(scope)

wide, narrow = st.columns([2, 1])
with wide:
    overview.top_places(scope, compared)
with narrow:
    overview.platforms(scope)
takeaway.overview(scope, compared)
