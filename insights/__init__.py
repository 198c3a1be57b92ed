"""Vocabulary and arithmetic: plain functions that need no network, database or browser."""
