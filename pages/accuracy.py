"""Accuracy: how often officers agree with the machine, and what they corrected."""

from ui import corrections, shell, takeaway

shell.open_page()
corrections.tell()
corrections.accuracy()
corrections.drawn()
corrections.history()
takeaway.accuracy()
