"""The product's whole main job: fetched from recorded answers, stored once, shown as live data."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import datetime

import pytest
from sqlalchemy import func, select

from db.engine import open_writer, snapshot
from db.tables import collection_runs, social_posts
from tests.e2e.browser import ROOT, dashboard, plain_environment, visit
from tests.fakes import KUALA_LUMPUR
from tests.replay import SHARED, expected, replay, serve_errors, serve_recorded

needs_recordings = pytest.mark.skipif(
    not (SHARED / "payloads/dev/expected.json").exists(),
    reason="the recorded answers are not beside the project",
)
PLATFORMS = ("x", "instagram", "facebook")
KEYS = {
    "X_BEARER_TOKEN": "token-of-x",
    "INSTAGRAM_ACCESS_TOKEN": "token-of-instagram",
    "INSTAGRAM_USER_ID": "17841400000000001",
    "FACEBOOK_ACCESS_TOKEN": "token-of-facebook",
    "FACEBOOK_PAGE_IDS": "19292868552",
    "COLLECTOR_RETRY_BASE": "0.01",
}


def settings(database_url: str, api: str, tmp_path) -> dict[str, str]:
    names = ("X_API_BASE_URL", "INSTAGRAM_API_BASE_URL", "FACEBOOK_API_BASE_URL")
    return {
        **KEYS,
        **dict.fromkeys(names, api),
        "DATABASE_URL": database_url,
        "DEMO_DATABASE_URL": f"sqlite:///{tmp_path}/demo.db",
    }


def collect_once(given: dict[str, str]) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "collector", "--once"],
        cwd=ROOT,
        env=plain_environment(given),
        capture_output=True,
        text=True,
        timeout=180,
    )


def oracle() -> dict[tuple[str, str], list[dict]]:
    """Every way in which a post is expected, by platform and id: a post may be on two pages."""
    rows: dict[tuple[str, str], list[dict]] = {}
    for posts in expected().values():
        for post in posts:
            if post["platform"] in PLATFORMS:
                rows.setdefault((post["platform"], post["post_id"]), []).append(post)
    return rows


def stored(database_url: str) -> dict[tuple[str, str], object]:
    engine = open_writer(database_url)
    with snapshot(engine) as connection:
        rows = connection.execute(select(social_posts)).all()
    engine.dispose()
    return {(row.platform, row.post_id): row for row in rows}


def agrees(row, wanted: list[dict], field: str) -> bool:
    """Whether a stored value is one that a page gave (a page that gave none does not blank it)."""
    values = [post[field] for post in wanted]
    known = [value for value in values if value not in (None, "")]
    return getattr(row, field) in (known or values)


@needs_recordings
def test_every_recorded_post_is_stored_once_and_nothing_is_new_the_second_time(
    database_url, tmp_path
):
    with replay(serve_recorded()) as api:
        given = settings(database_url, api.url, tmp_path)
        first = collect_once(given)
        before = stored(database_url)
        second = collect_once(given)

    # Without a key for Gemini the posts wait for their label; that is no failure.
    assert first.returncode == 0, first.stderr
    assert second.returncode == 0, second.stderr
    wanted = oracle()
    assert set(before) == set(wanted)
    for key, row in before.items():
        for field in ("content", "url", "language"):
            assert agrees(row, wanted[key], field), (key, field)
        if not row.is_repost:
            for field in ("likes", "comments", "shares", "views"):
                assert agrees(row, wanted[key], field), (key, field)
        times = {post["created_at"] for post in wanted[key]} - {None}
        assert not times or row.created_at in {datetime.fromisoformat(time) for time in times}
    assert set(stored(database_url)) == set(before)
    for platform in PLATFORMS:
        assert re.search(rf"{platform}: 0 new", second.stderr + second.stdout), second.stderr
    assert not any(
        secret in first.stderr + first.stdout for secret in KEYS.values() if "-" in secret
    )


@needs_recordings
def test_the_dashboard_shows_live_data_and_totals_that_equal_sql(browser, database_url, tmp_path):
    with replay(serve_recorded()) as api:
        given = settings(database_url, api.url, tmp_path)
        assert collect_once(given).returncode == 0
    engine = open_writer(database_url)
    post = social_posts.c
    with snapshot(engine) as connection:
        first = connection.execute(select(func.min(post.created_at))).scalar_one()
        sums = connection.execute(
            select(
                func.count().label("posts"),
                *(func.sum(post[name]).label(name) for name in ("likes", "comments", "shares")),
            ).where(post.counted)
        ).one()
    # Days are Kuala Lumpur's, where a day has begun while it is still yesterday in UTC.
    today = datetime.now(KUALA_LUMPUR).date()
    span = f"from={first.date().isoformat()}&to={today.isoformat()}"
    with dashboard(tmp_path, given) as server, visit(browser) as seen:
        seen.open(f"{server.url}/?lang=en&{span}")

        assert "Live data" in seen.text()
        assert "DEMO" not in seen.text()
        for name in ("posts", "likes", "comments", "shares"):
            # "12.3K" stands for 12,250 up to 12,349.
            wanted = pytest.approx(int(getattr(sums, name)), rel=0.005)
            assert shown(seen.number(f"total_{name}")) == wanted, name
        seen.open(f"{server.url}/posts?lang=en&{span}")
        assert shown(seen.number("posts_found")) == sums.posts
        for page in ("places", "sentiment", "events", "data_health", "about"):
            seen.open(f"{server.url}/{page}?lang=ms&{span}")
            assert "Data langsung" in seen.text(), page
            assert "DEMO" not in seen.text(), page
        assert seen.foreign(server) == []


@needs_recordings
def test_refused_requests_move_no_post_and_the_page_says_what_failed(
    browser, database_url, tmp_path
):
    with replay(serve_recorded()) as api:
        given = settings(database_url, api.url, tmp_path)
        assert collect_once(given).returncode == 0
    before = stored(database_url)
    with replay(serve_errors()) as api:
        given = settings(database_url, api.url, tmp_path)
        refused = collect_once(given)
        asked = len(api.asked)

    assert refused.returncode == 3
    assert asked <= 2 * len(PLATFORMS)
    assert stored(database_url) == before
    kinds = failed_kinds(database_url)
    assert kinds == {"x": "billing", "instagram": "permission", "facebook": "auth"}
    with dashboard(tmp_path, given) as server, visit(browser) as seen:
        seen.open(f"{server.url}/data_health?lang=en")
        text = seen.text()
        assert "Live data" in text
        assert "X" in text
        assert re.search(r"since", text)
        assert not any(secret in text for secret in KEYS.values() if "-" in secret)


def failed_kinds(database_url: str) -> dict[str, str]:
    run = collection_runs.c
    engine = open_writer(database_url)
    with snapshot(engine) as connection:
        rows = connection.execute(
            select(run.platform, run.error_kind).where(run.status == "failed")
        ).all()
    engine.dispose()
    return {row.platform: row.error_kind for row in rows}


def shown(text: str) -> float:
    """The first number of a card: "1,234", "12.4 k", "3.1 M"."""
    match = re.search(r"([\d,.]+)\s*([kKmMbB]?)", text.replace("\u202f", " "))
    assert match, text
    factor = {"": 1, "k": 1e3, "m": 1e6, "b": 1e9}[match[2].lower()]
    return float(match[1].replace(",", "")) * factor
