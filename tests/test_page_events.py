from datetime import timedelta

import pytest

from db import store
from db.engine import open_writer
from insights.model import Event, EventTemplate
from insights.recurrence import occurrences
from tests.dashboards import a_live_database
from tests.pages import NOW, cells_of, opener, some_posts, words_of

TODAY = NOW.date()


@pytest.fixture
def open_page(tmp_path, monkeypatch):
    return opener(tmp_path, monkeypatch)


def with_event(url: str, in_days: int, *, confirmed: bool = True, city: str = "langkawi") -> str:
    """The database with a regatta of two days, so many days from now."""
    template = EventTemplate(
        "regatta", "Regata", "Regatta", city, "dates", {"dates": []}, 2, confirmed
    )
    first = TODAY + timedelta(days=in_days)
    engine = open_writer(url)
    with engine.begin() as connection:
        store.save_templates(connection, [template], NOW)
        event = Event("regatta", first, first + timedelta(days=1), confirmed)
        store.save_events(connection, [event], NOW)
    engine.dispose()
    return url


def test_an_event_of_the_next_weeks_stands_with_what_is_known_of_its_dates(tmp_path, open_page):
    url = with_event(a_live_database(tmp_path, some_posts()), 10, confirmed=False)
    app = open_page("events", url)

    assert "Regatta" in app.table[0].value["What"].iloc[0]
    assert "To be confirmed" in app.table[0].value["Dates"].iloc[0]


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("en", "November 2026, date not confirmed"),
        ("ms", "November 2026, tarikh belum disahkan"),
    ],
)
def test_an_event_known_by_its_month_is_not_on_all_that_month(tmp_path, open_page, lang, said):
    url = a_live_database(tmp_path, some_posts())
    template = EventTemplate(
        "regatta", "Regata", "Regatta", "langkawi", "yearly", {"month": 11}, 1, False
    )
    engine = open_writer(url)
    with engine.begin() as connection:
        store.save_templates(connection, [template], NOW)
        store.save_events(connection, occurrences(template, TODAY, TODAY + timedelta(3)), NOW)
    engine.dispose()
    app = open_page("events", url, lang=lang)

    row = app.table[0].value.iloc[0]
    assert row.iloc[0] == said
    assert "posts?" not in row.iloc[1]
    assert said in cells_of(app)


def test_names_follow_the_language(tmp_path, open_page):
    url = with_event(a_live_database(tmp_path, some_posts()), 10)

    assert "Regata" in cells_of(open_page("events", url, lang="ms"))


def test_an_event_that_is_on_leads_to_its_posts_so_far(tmp_path, open_page):
    url = with_event(a_live_database(tmp_path, some_posts()), -1)
    what = open_page("events", url).table[0].value["What"].iloc[0]

    assert "posts?" in what
    assert "city=langkawi" in what


def test_an_event_to_come_has_no_posts_to_lead_to(tmp_path, open_page):
    url = with_event(a_live_database(tmp_path, some_posts()), 10)

    assert "posts?" not in open_page("events", url).table[0].value["What"].iloc[0]


def test_an_event_of_the_year_is_not_among_the_next_six_weeks(tmp_path, open_page):
    app = open_page("events", with_event(a_live_database(tmp_path, some_posts()), 200))

    assert not app.table
    assert "Nothing is planned in the next six weeks." in words_of(app)
    assert "Regatta" in cells_of(app)


def test_the_chosen_city_leaves_out_what_happens_elsewhere(tmp_path, open_page):
    url = with_event(a_live_database(tmp_path, some_posts()), 10)

    assert not open_page("events", url, city="yan").table


def test_without_events_it_is_said_who_enters_them(tmp_path, open_page):
    app = open_page("events", a_live_database(tmp_path, some_posts()))

    assert "No events are stored yet." in words_of(app)
    assert not app.dataframe
