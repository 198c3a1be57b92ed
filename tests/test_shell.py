"""The frame: filters in the URL, the mark, no data without invention; a deep link on a fresh
server."""

from __future__ import annotations

import json
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from insights.model import Classification, Kind, Sentiment
from tests.dashboards import a_live_database
from tests.e2e.browser import dashboard
from tests.fakes import a_post, matched
from ui import data

ROOT = Path(__file__).parents[1]
NOW = datetime.now(UTC)


@pytest.fixture
def open_app(tmp_path, monkeypatch):
    """Opens the dashboard on a live database; `demo` is where its demo would be made."""

    def open_it(url: str | None = None, page: str | None = None, **query: str) -> AppTest:
        monkeypatch.setenv("DATABASE_URL", url or f"sqlite:///{tmp_path}/missing.db")
        monkeypatch.setenv("DEMO_DATABASE_URL", f"sqlite:///{tmp_path}/demo.db")
        data.start_anew()
        app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=60)
        for key, value in query.items():
            app.query_params[key] = value
        app.run()
        if page:
            app.switch_page(f"pages/{page}.py").run()
        assert not app.exception
        return app

    yield open_it
    data.start_anew()


def words_of(app: AppTest) -> str:
    """All that is written on the page, in one line."""
    written = [
        element.value
        for kind in (app.markdown, app.caption, app.warning, app.text, app.header, app.title)
        for element in kind
    ]
    return " ".join(map(str, written))


def some_posts(count: int = 6, **given) -> list:
    return [
        matched(a_post(posted_at=NOW - timedelta(hours=index), **given), 1)
        for index in range(count)
    ]


def test_collected_posts_are_marked_as_live_with_the_time_of_collection(tmp_path, open_app):
    app = open_app(a_live_database(tmp_path, some_posts()), lang="en")

    assert "Live data" in words_of(app)
    assert "DEMO" not in words_of(app)


def test_the_mark_is_malay_by_default(tmp_path, open_app):
    app = open_app(a_live_database(tmp_path, some_posts()))

    assert "Data langsung" in words_of(app)


def test_a_platform_that_failed_is_named_above_the_figures(tmp_path, open_app):
    url = a_live_database(tmp_path, some_posts(), failed=Kind.AUTH)
    app = open_app(url, lang="en")

    assert any("Facebook: the key was refused" in warning.value for warning in app.warning)
    assert app.metric[0].value == "6"


def test_collection_that_stands_still_is_said_above_the_figures(tmp_path, open_app):
    url = a_live_database(tmp_path, some_posts(), age=timedelta(days=3))
    app = open_app(url, lang="en")

    assert any("3 days ago" in warning.value for warning in app.warning)
    assert app.metric[0].value == "6"


def test_filters_come_from_the_url(tmp_path, open_app):
    url = a_live_database(tmp_path, some_posts())
    app = open_app(url, city="langkawi", period="7d", lang="en")

    assert app.selectbox(key="pick_city_en").value == "langkawi"
    assert app.session_state["pick_period_en"] == "7d"


def test_an_unknown_value_in_the_url_is_ignored(tmp_path, open_app):
    app = open_app(a_live_database(tmp_path, some_posts()), city="atlantis", period="1y", lang="xx")

    assert app.selectbox(key="pick_city_ms").value == "all"
    assert app.metric[0].value == "6"


def test_choosing_a_city_writes_its_code_into_the_url(tmp_path, open_app):
    app = open_app(a_live_database(tmp_path, some_posts()), lang="en")
    app.selectbox(key="pick_city_en").select("yan").run()

    assert app.query_params["city"] == "yan"
    assert not app.exception
    assert not app.metric


def test_a_city_that_this_database_does_not_know_is_ignored(tmp_path, open_app):
    app = open_app(a_live_database(tmp_path, some_posts()), city="kulim")

    assert app.selectbox(key="pick_city_ms").value == "all"
    assert app.metric[0].value == "6"


def test_the_language_can_be_changed_and_the_filters_stay(tmp_path, open_app):
    app = open_app(a_live_database(tmp_path, some_posts()), city="langkawi", lang="en")
    app.get_by_key("pick_lang").set_value("ms").run()
    app.get_by_key("pick_period_ms").set_value("7d").run()

    assert app.query_params["city"] == "langkawi"
    assert app.query_params["period"] == "7d"
    assert "Data langsung" in words_of(app)


def test_filters_survive_a_page_change(tmp_path, open_app):
    app = open_app(a_live_database(tmp_path, some_posts()), city="langkawi", lang="en")
    app.switch_page("pages/posts.py").run()

    assert app.selectbox(key="pick_city_en").value == "langkawi"


def test_no_data_shows_no_percentage_and_no_arrow(tmp_path, open_app):
    app = open_app(a_live_database(tmp_path), lang="en")

    assert not app.metric
    assert "%" not in words_of(app)
    assert "No post about Kedah has been collected yet" in words_of(app)


def test_unclassified_posts_give_a_dash_and_never_a_neutral_mood(tmp_path, open_app):
    app = open_app(a_live_database(tmp_path, some_posts()), lang="en")
    shown = {metric.label: metric.value for metric in app.metric}

    assert shown["Net sentiment"] == "—"
    assert shown["Classified"] == "0 %"


def test_unknown_counts_are_a_dash_and_not_zero(tmp_path, open_app):
    url = a_live_database(tmp_path, [*some_posts(3, likes=2), *some_posts(1)])
    app = open_app(url, lang="en")
    shown = {metric.label: metric.value for metric in app.metric}

    assert shown["Likes"] == "6"
    assert shown["Views"] == "—"
    assert "3 of 4 known" in words_of(app)


def test_nothing_before_is_new_and_has_no_percentage(tmp_path, open_app):
    posts = [matched(a_post(posted_at=NOW - timedelta(days=2, hours=n)), 1) for n in range(8)]
    app = open_app(a_live_database(tmp_path, posts), lang="en")

    assert app.metric[0].delta == "new"


def test_the_posts_page_says_how_many_and_why(tmp_path, open_app):
    app = open_app(a_live_database(tmp_path, some_posts(3)), page="posts", lang="en")

    assert app.header[0].value == "3 posts"
    assert "Why it counts here" in words_of(app)


def test_text_of_others_is_shown_inert(tmp_path, open_app):
    evil = "![x](https://evil.example/p.png) <b>Pantai Cenang</b> :red[x]"
    posts = [matched(a_post(content=evil, posted_at=NOW), 1)]
    app = open_app(a_live_database(tmp_path, posts), page="posts", lang="en")

    assert app.text[0].value == evil
    assert not any("evil.example" in shown.value for shown in (*app.markdown, *app.caption))


def test_a_link_to_the_original_needs_the_platforms_own_host(tmp_path, open_app):
    posts = [matched(a_post(url="https://x.com.evil.example/1", posted_at=NOW), 1)]
    app = open_app(a_live_database(tmp_path, posts), page="posts", lang="en")

    assert not any("evil.example" in shown.value for shown in app.markdown)


def test_posts_can_be_narrowed_by_sentiment(tmp_path, open_app):
    posts = some_posts(3)
    sad = posts[0].post
    label = Classification(sad.platform, sad.post_id, Sentiment.NEGATIVE, -0.6, "test")
    url = a_live_database(tmp_path, posts, labels=[label])
    app = open_app(url, page="posts", lang="en")
    app.selectbox(key="pick_sentiment_en").select("negative").run()

    assert app.header[0].value == "1 post"


def test_without_a_database_the_demo_says_so_on_every_page(open_app):
    app = open_app(None, lang="en")

    assert "DEMO" in app.warning[0].proto.title
    assert "Live data" not in words_of(app)
    assert app.metric


def test_a_database_never_collected_into_shows_the_demo(tmp_path, open_app):
    app = open_app(a_live_database(tmp_path, collected=False), lang="en")

    assert "DEMO" in app.warning[0].proto.title


def test_a_deep_link_on_a_fresh_server_has_its_frame_and_its_filters(tmp_path):
    url = a_live_database(tmp_path, some_posts())
    settings = {
        "DATABASE_URL": url,
        "DEMO_DATABASE_URL": f"sqlite:///{tmp_path}/demo.db",
        "STREAMLIT_SERVER_ENABLE_AGENT_API": "true",
    }
    with dashboard(tmp_path, settings) as server:
        seen = _ask(server.url, "posts", city="langkawi", period="7d", lang="en")

    assert "Live data" in seen
    assert "pick_city_en" in seen
    assert "Posts" in seen


def _ask(url: str, page: str, **query: str) -> str:
    """What a reader's first visit to this page shows, as the server's own description of it."""
    body = {"page": page, "query_params": {key: [value] for key, value in query.items()}}
    request = urllib.request.Request(
        f"{url}/_stcore/agent/interact",
        json.dumps(body).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return answer.read().decode()


def test_no_change_is_shown_against_a_period_in_which_collection_began(tmp_path, open_app):
    late = NOW - timedelta(days=100)
    posts = [matched(a_post(posted_at=late), 1) for _ in range(9)] + some_posts(30)
    app = open_app(a_live_database(tmp_path, posts), lang="en", period="90d")

    assert "began in the middle of the earlier period" in words_of(app)
    assert not any(metric.delta for metric in app.metric)
