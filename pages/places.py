"""Places: which of them rise or fade, where they lie, and everything about one of them."""

from ui import blocks, data, overview, places, shell, takeaway

scope = shell.open_page()
place = places.chosen()

if place is None:
    totals = data.totals(scope)
    blocks.stop_if_empty(totals)
    places.ranking(scope)
    places.maps(scope)
    takeaway.ranking(scope)
else:
    scope = places.scope_of(scope, place)
    totals, compared = data.totals(scope), data.compared(scope)
    places.head(scope, place)
    if totals.posts:
        overview.figures(scope, totals, compared)
        overview.line_below(compared)
        overview.trend(scope)
        overview.topics(scope)
    else:
        places.silent(place)
    places.facts(scope, place)
    takeaway.one_place(scope, compared, place.name)
