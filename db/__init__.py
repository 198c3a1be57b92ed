"""The shared database: tables, writes, reads, and the invented posts of the demo."""
