"""Definitions: what each figure means, where it comes from, what it cannot tell."""

from ui import about, shell

shell.open_page()
about.definitions()
about.sources()
about.limits()
