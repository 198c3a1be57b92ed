"""Weekly brief: one page for the weekly meeting, to read, to take along, and as it was sent."""

from ui import brief, shell

scope = shell.open_page()
week = brief.chosen(scope)
brief.stop_if_apart(week)
brief.preview(week)
brief.archive()
