"""Reproducible measurements of speed and memory; not tests."""
