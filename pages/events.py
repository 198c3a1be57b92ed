"""Events: what is coming in the next six weeks and in the next twelve months."""

from ui import events, shell

scope = shell.open_page()
events.upcoming(scope)
events.year(scope)
events.templates()
