"""Events: the next six weeks, what happened around past events, the year, and the rules."""

from ui import event_effect, event_form, events, shell, takeaway

scope = shell.open_page()
events.upcoming(scope)
event_effect.shown(scope)
events.year(scope)
event_form.shown()
takeaway.calendar(scope)
