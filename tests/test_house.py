"""The map of the house, checked: imports run one way and each library has one home."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = {"pages", "ui", "db", "insights", "collector", "reports"}
# Who may import whom. settings and the frame are modules; everything else is a package.
MAY_IMPORT = {
    "streamlit_app": {"ui"},
    "serve": {"ui"},
    "run": set(),
    "pages": {"ui"},
    "ui": {"ui", "db", "insights", "reports"},
    # Files to take along: composed from figures handed in, by a page or by the collector.
    "reports": {"reports", "insights"},
    "db": {"db", "insights"},
    "insights": {"insights"},
    "collector": {"collector", "db", "insights", "reports"},
    "settings": set(),
}
# The two places that build things, and so read settings.
READS_SETTINGS = {"ui/data.py", "collector/__main__.py"}
HOMES = {
    "streamlit": {"ui", "pages", "streamlit_app", "serve"},
    "plotly": {"ui"},
    "starlette": {"serve"},
    "sqlalchemy": {"db"},
    "alembic": {"db"},
    "requests": {"collector"},
    "urllib3": {"collector"},
    "schedule": {"collector"},
    "google": {"collector"},
    "httpx2": {"collector"},
    "sklearn": {"collector"},
    "scipy": {"collector"},
    "holidays": {"collector"},
    "openpyxl": {"collector", "ui", "reports"},
    "reportlab": {"reports"},
    "pptx": {"reports"},
}


def sources() -> list[Path]:
    """Every Python file of the product (not tests, benchmarks or the environment)."""
    files = [*ROOT.glob("*.py")]
    for package in PACKAGES:
        files += ROOT.joinpath(package).rglob("*.py")
    return sorted(files)


def imports_of(path: Path) -> set[str]:
    """Dotted names that a file imports, anywhere in it."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide where an arrow points"
            names.add(node.module or "")
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def broken_rules(relative: str, imported: set[str]) -> list[str]:
    """The sentences that say which rule of the house an import breaks."""
    home = relative.split("/")[0].removesuffix(".py")
    found = []
    for top in {name.split(".")[0] for name in imported}:
        ours = top in MAY_IMPORT and top not in {"run"}
        if top == "settings":
            if relative not in READS_SETTINGS:
                found.append(f"{relative} reads settings; only {sorted(READS_SETTINGS)} do")
        elif ours and top not in MAY_IMPORT.get(home, set()):
            found.append(f"{relative} imports {top}: the arrow runs against house.md")
        elif top in HOMES and home not in HOMES[top]:
            found.append(f"{relative} imports {top}, whose home is {sorted(HOMES[top])}")
        elif home == "insights" and not (
            top in sys.stdlib_module_names or top in {"insights", "pandas", "numpy"}
        ):
            found.append(f"{relative} imports {top}; insights needs only pandas and NumPy")
    return found


@pytest.mark.parametrize("path", sources(), ids=lambda p: str(p.relative_to(ROOT)))
def test_every_import_points_the_right_way(path):
    relative = path.relative_to(ROOT).as_posix()

    assert broken_rules(relative, imports_of(path)) == []


@pytest.mark.parametrize(
    ("relative", "imported"),
    [
        ("insights/metrics.py", {"db.queries"}),
        ("db/store.py", {"collector.rounds"}),
        ("db/engine.py", {"settings"}),
        ("pages/places.py", {"db.queries"}),
        ("ui/charts.py", {"sqlalchemy"}),
        ("db/demo.py", {"requests"}),
        ("collector/rounds.py", {"ui.data"}),
        ("insights/places.py", {"requests"}),
    ],
)
def test_an_arrow_turned_round_is_noticed(relative, imported):
    assert broken_rules(relative, imported)


def test_charts_know_no_streamlit():
    assert "streamlit" not in {name.split(".")[0] for name in imports_of(ROOT / "ui/charts.py")}


def test_pages_stay_tables_of_contents():
    too_long = {
        page.name: len(page.read_text(encoding="utf-8").splitlines())
        for page in ROOT.joinpath("pages").glob("*.py")
        if len(page.read_text(encoding="utf-8").splitlines()) > 80
    }

    assert too_long == {}


def test_nothing_is_caught_blindly():
    guard = {"collector/scheduler.py"}
    blind = [
        path.relative_to(ROOT).as_posix()
        for path in sources()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or getattr(node.type, "id", "") in {"Exception", "BaseException"})
    ]

    assert [path for path in blind if path not in guard] == []
