"""A small kill -9 storm: whatever moment a collector dies at, two more rounds make it whole."""

from __future__ import annotations

import pytest

from benchmarks.storm import storm


@pytest.mark.parametrize(
    ("engine_name", "kills"),
    [("sqlite", 6), pytest.param("postgresql", 3, marks=pytest.mark.postgresql)],
)
def test_killed_rounds_lose_nothing_and_double_nothing(request, tmp_path, engine_name, kills):
    if engine_name == "postgresql":
        url = request.getfixturevalue("postgres").empty_database()
    else:
        url = f"sqlite:///{tmp_path}/storm.db"

    failed = [check for check in storm(url, kills, each=40, seed=kills) if not check.passed]

    assert failed == []
