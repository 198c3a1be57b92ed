"""Data health: is collection working, and what did it miss?"""

from ui import data_health, shell, takeaway

shell.open_page()
data_health.shown()
takeaway.health()
