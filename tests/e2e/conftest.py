"""Fixtures of the browser tests: one Chromium and one demo dashboard for the whole session."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.e2e.browser import CHROMIUM, chromium, dashboard

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items):
    for item in items:
        if HERE in Path(item.fspath).parents:
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="session")
def browser():
    if not Path(CHROMIUM).exists():
        if os.environ.get("CI"):
            pytest.fail("Chromium is missing; tests/needs.py installs it on Debian")
        pytest.skip("Chromium is missing; on Debian: apt-get install chromium")
    with chromium() as running:
        yield running


@pytest.fixture(scope="session")
def demo_server(tmp_path_factory):
    """A dashboard with nothing configured: it shows the demo data."""
    folder = tmp_path_factory.mktemp("demo")
    settings = {
        "DATABASE_URL": f"sqlite:///{folder}/live.db",
        "DEMO_DATABASE_URL": f"sqlite:///{folder}/demo.db",
    }
    with dashboard(folder, settings) as server:
        yield server
