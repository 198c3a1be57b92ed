"""Opens the dashboard's pages in tests, on databases that a test makes for itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from streamlit.testing.v1 import AppTest

from insights.model import Classification, Sentiment
from tests.fakes import a_post, matched
from ui import data

ROOT = Path(__file__).parents[1]
NOW = datetime.now(UTC)


def opener(folder: Path, monkeypatch):
    """A function that opens one page at an address; a URL of None is a database never made."""

    def open_page(page: str, url: str | None = None, /, **query: str) -> AppTest:
        monkeypatch.setenv("DATABASE_URL", url or f"sqlite:///{folder}/missing.db")
        monkeypatch.setenv("DEMO_DATABASE_URL", f"sqlite:///{folder}/demo.db")
        data.start_anew()
        app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=60)
        for key, value in {"lang": "en", **query}.items():
            app.query_params[key] = value
        app.run()
        app.switch_page(f"pages/{page}.py")
        for key, value in {"lang": "en", **query}.items():
            app.query_params[key] = value
        app.run()
        assert not app.exception
        return app

    return open_page


def noted(app: AppTest) -> str:
    """What the program noted of its runs, as the page's HTML holds it, in one line."""
    bodies = (str(one.proto.body) for one in app.get("html"))
    return " ".join(body for body in bodies if 'class="noted"' in body)


def words_of(app: AppTest) -> str:
    """All that is written on the page outside tables, in one line."""
    kinds = (app.markdown, app.caption, app.warning, app.error, app.text, app.header)
    return " ".join(str(element.value) for kind in kinds for element in kind)


def cells_of(app: AppTest) -> str:
    """All that stands in the page's tables, in one line."""
    tables = [*app.table, *app.dataframe]
    return " ".join(table.value.to_csv() for table in tables)


def figures_of(app: AppTest) -> dict[str, str]:
    """The page's cards: what is written under each label."""
    return {metric.label: metric.value for metric in app.metric}


def some_posts(count: int = 6, place_id: int = 1, *, ago=timedelta(0), **given) -> list:
    """So many posts of one place, an hour apart, the newest `ago` before now."""
    return [
        matched(a_post(posted_at=NOW - ago - timedelta(hours=index), **given), place_id)
        for index in range(count)
    ]


def labelled(posts: list, label: Sentiment, *topics: str) -> list[Classification]:
    """A label (and topics) for each of these posts."""
    score = {Sentiment.NEGATIVE: -0.8, Sentiment.NEUTRAL: 0.0, Sentiment.POSITIVE: 0.8}[label]
    return [
        Classification(m.post.platform, m.post.post_id, label, score, "test", topics=topics)
        for m in posts
    ]
