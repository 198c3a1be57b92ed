"""Radar: what is unusual now, and what people are unhappy about, where."""

from ui import blocks, data, mood, radar, shell, takeaway

scope = shell.open_page()
mood.stop_if_apart(scope)
radar.unusual(scope)
blocks.stop_if_empty(data.totals(scope))
radar.table(scope)
radar.over(scope)
radar.rule()
takeaway.unusual(scope)
