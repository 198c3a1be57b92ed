"""Sentiment: how people feel, how sure that is, and where and about what it differs."""

from ui import blocks, data, mood, shell, takeaway

scope = shell.open_page()
totals = data.totals(scope)
blocks.stop_if_empty(totals)
mood.stop_if_apart(scope)
mood.figures(scope, totals)
mood.stop_if_unclassified(totals)

mood.distribution(scope, totals)

with blocks.pair():
    mood.over_time(scope)
    mood.net_over_time(scope)
with blocks.pair():
    mood.by_group(scope)
    mood.by_place(scope)
mood.issues(scope)
takeaway.sentiment(scope)
