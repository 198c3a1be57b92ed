"""The Events page: what comes, what happened around past events, and the rules officers write."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from db import store
from db.engine import open_reader, open_writer
from db.templates import save_template, stored_template
from insights.model import Event, EventTemplate, Sentiment
from insights.recurrence import occurrences
from tests.dashboards import a_live_database
from tests.fakes import KUALA_LUMPUR, a_post, matched
from tests.pages import NOW, cells_of, figures_of, labelled, opener, some_posts, words_of
from ui import data

TODAY = NOW.astimezone(KUALA_LUMPUR).date()


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
    assert "To be confirmed" in app.table[0].value["What"].iloc[0]


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


def test_what_is_on_all_year_stands_last(tmp_path, open_page):
    url = with_event(a_live_database(tmp_path, some_posts()), 10)
    year = EventTemplate("year", "Tahun Melawat", "Campaign year", "all", "dates", {}, 1, True)
    stored(url, year, Event("year", TODAY - timedelta(100), TODAY + timedelta(200), True))
    what = open_page("events", url).table[0].value["What"].tolist()

    assert ["Regatta" in words for words in what] == [True, False]


def stored(url: str, template: EventTemplate, *dated: Event) -> None:
    engine = open_writer(url)
    with engine.begin() as connection:
        store.save_templates(connection, [template], NOW)
        store.save_events(connection, dated, NOW)
    engine.dispose()


# --- before, during and after --------------------------------------------------------------------

REGATTA = EventTemplate("regatta", "Regata", "Regatta", "langkawi", "dates", {"dates": []}, 2, True)
WEEKS = 34


def a_busy_event(folder, *, days_ago: int = 30, more: int = 20, **given) -> str:
    """A post a day for many weeks, and more on both days of a regatta."""
    first = TODAY - timedelta(days=days_ago)
    posts = [post for day in range(1, 7 * WEEKS) for post in noon(TODAY - timedelta(day), 3)]
    posts += [*noon(first, more), *noon(first + timedelta(days=1), more)]
    url = a_live_database(folder, posts, labels=labelled(posts, Sentiment.POSITIVE, "culture"))
    event = Event("regatta", first, first + timedelta(days=1), given.get("confirmed", True))
    stored(url, REGATTA, event)
    return url


def noon(day, count: int) -> list:
    """So many posts at noon of a local day."""
    at = datetime.combine(day, time(12), KUALA_LUMPUR)
    return [matched(a_post(posted_at=at, likes=2, comments=0, shares=0), 1) for _ in range(count)]


def infos_of(app) -> str:
    return " ".join(element.value for element in app.info)


def test_a_past_event_stands_against_the_same_weekdays_before(tmp_path, open_page):
    app = open_page("events", a_busy_event(tmp_path))
    figures = figures_of(app)

    assert "more than on the same weekdays before" in words_of(app)
    assert figures["Posts"].startswith("+")
    assert figures["Net sentiment"] == "0 points"


def test_every_figure_of_a_span_opens_its_posts(tmp_path, open_page):
    table = open_page("events", a_busy_event(tmp_path)).table[-1].value
    during = table[table["Days"].str.contains("During")].iloc[0]
    first = TODAY - timedelta(days=30)

    assert len(table) == 9
    for column in ("Posts", "Engagement", "Net sentiment"):
        assert f"from={first}" in during[column]
        assert f"to={first + timedelta(days=1)}" in during[column]
        assert "city=langkawi" in during[column]
    assert during["Posts"].startswith("[46]")


def test_a_quiet_event_is_not_called_a_change(tmp_path, open_page):
    app = open_page("events", a_busy_event(tmp_path, more=0))

    assert "within what ordinary weeks do" in words_of(app)
    assert "more than" not in words_of(app)
    assert figures_of(app)["Posts"] == "0 %"


def test_no_word_claims_a_cause(tmp_path, open_page):
    app = open_page("events", a_busy_event(tmp_path))
    assert "because" not in words_of(app).casefold()


def test_an_event_whose_dates_nobody_confirmed_is_not_judged(tmp_path, open_page):
    app = open_page("events", a_busy_event(tmp_path, confirmed=False))

    assert "never confirmed" in infos_of(app)
    assert figures_of(app) == {}


def test_the_url_names_the_event(tmp_path, open_page):
    url = a_busy_event(tmp_path)
    fair = EventTemplate("fair", "Pesta", "Fair", "yan", "dates", {"dates": []}, 1, True)
    day = TODAY - timedelta(days=50)
    stored(url, fair, Event("fair", day, day, True))

    app = open_page("events", url, event=f"fair.{day:%Y%m%d}")
    assert "Yan" in words_of(app)
    assert "Langkawi" in words_of(open_page("events", url, event="nonsense"))


def test_what_was_talked_about_opens_its_posts(tmp_path, open_page):
    words = words_of(open_page("events", a_busy_event(tmp_path)))
    assert "[Culture 46](posts?" in words
    assert "topic=culture" in words


def test_a_week_with_another_event_is_left_out_and_named(tmp_path, open_page):
    url = a_busy_event(tmp_path)
    holiday = EventTemplate(
        "holiday", "Hari Wesak", "Vesak Day", "all", "dates", {}, kind="holiday"
    )
    day = TODAY - timedelta(days=37)
    stored(url, holiday, Event("holiday", day, day, True))

    assert "Vesak Day" in words_of(open_page("events", url))


def test_what_is_elsewhere_or_every_week_leaves_no_week_out(tmp_path, open_page):
    url = a_busy_event(tmp_path)
    market = EventTemplate("market", "Pasar", "Market", "langkawi", "weekly", {"weekdays": [0]})
    fair = EventTemplate("fair", "Pesta", "Fair", "yan", "dates", {"dates": []})
    weeks = [TODAY - timedelta(days=30 + 7 * week) for week in (1, 2, 3)]
    stored(url, market, *(Event("market", day, day, True) for day in weeks))
    stored(url, fair, *(Event("fair", day, day, True) for day in weeks))

    app = open_page("events", url, event=f"regatta.{TODAY - timedelta(days=30):%Y%m%d}")
    assert "Not compared" not in words_of(app)


@pytest.mark.parametrize(
    ("city", "where", "does"),
    [
        ("all", "yan", True),
        ("yan", "yan", True),
        ("yan", "all", True),
        ("yan", "langkawi", False),
        ("mainland", "langkawi", False),
        ("mainland", "yan", True),
        ("mainland", "all", True),
        ("unknown", "yan", True),
    ],
)
def test_an_event_concerns_its_city_and_the_whole_state(city, where, does):
    assert data.concerns(city, where) == does


# --- writing the rules ---------------------------------------------------------------------------


def form(app, name: str):
    """The form's field of this name."""
    kinds = (app.text_input, app.text_area, app.selectbox, app.number_input, app.toggle)
    found = [e for kind in kinds for e in kind if e.key and e.key.startswith(f"form_{name}_")]
    assert len(found) == 1, name
    return found[0]


def a_new_rule(open_page, url, **given):
    app = open_page("events", url, template="new")
    values = {
        "name_ms": "Pesta Padi",
        "name_en": "Paddy Fair",
        "source": "letter",
        "dates": "4/12/2031",
    }
    for name, value in {**values, **given}.items():
        form(app, name).set_value(value)
    return app.run()


def errors_of(app) -> str:
    return " ".join(element.value for element in app.error)


def rule_of(url: str, slug: str):
    engine = open_reader(url)
    with engine.connect() as connection:
        found = stored_template(connection, slug)
    engine.dispose()
    return found


def test_a_new_rule_shows_its_dates_and_is_stored_with_who_wrote_it(tmp_path, open_page):
    url = a_live_database(tmp_path, some_posts())
    app = a_new_rule(open_page, url)
    assert "4 Dec 2031" in words_of(app)
    assert rule_of(url, "paddy-fair") is None
    app.button("form_save").click().run()

    found = rule_of(url, "paddy-fair")
    assert found.template.rule == {"dates": ["2031-12-04"]}
    assert found.updated_by == "local"
    assert "Saved." in " ".join(element.value for element in app.success)


def test_a_form_with_mistakes_names_them_and_keeps_every_word(tmp_path, open_page):
    url = a_live_database(tmp_path, some_posts())
    app = a_new_rule(open_page, url, name_ms="", dates="31/2/2027\nsoon")
    app.button("form_save").click().run()

    assert "Name in Malay: to be filled in." in errors_of(app)
    assert "is not in the calendar" in errors_of(app)
    assert "is no date that can be read" in errors_of(app)
    assert form(app, "name_en").value == "Paddy Fair"
    assert form(app, "dates").value == "31/2/2027\nsoon"
    assert rule_of(url, "paddy-fair") is None


def test_mistakes_are_told_in_malay_too(tmp_path, open_page):
    app = open_page("events", a_live_database(tmp_path, some_posts()), lang="ms", template="new")
    app.button("form_save").click().run()

    assert "Nama dalam bahasa Melayu: perlu diisi." in errors_of(app)


def test_the_31st_asks_what_happens_in_shorter_months(tmp_path, open_page):
    app = open_page("events", a_live_database(tmp_path, some_posts()), template="new")
    form(app, "recurrence").set_value("monthly").run()
    assert not [e for e in app.selectbox if e.key.startswith("form_missing")]
    form(app, "day").set_value(31).run()

    assert form(app, "missing").value == "last"
    form(app, "missing").set_value("skip")
    for name in ("name_ms", "name_en", "source"):
        form(app, name).set_value("Gotong-royong")
    assert "31 Jan" in words_of(app.run())
    assert "28 Feb" not in words_of(app)


def test_an_edit_is_stored_and_put_to_rest(tmp_path, open_page):
    url = with_event(a_live_database(tmp_path, some_posts()), 10)
    template = EventTemplate(
        "regatta", "Regata", "Regatta", "langkawi", "monthly", {"day": 5}, 1, True, "seed"
    )
    stored(url, template)
    app = open_page("events", url, template="regatta")
    form(app, "active").set_value(False).run()
    app.button("form_save").click().run()

    assert rule_of(url, "regatta").template == replace(template, active=False)


def test_of_two_officers_the_second_is_asked_and_loses_nothing(tmp_path, open_page):
    url = a_live_database(tmp_path, some_posts())
    template = EventTemplate(
        "fair", "Pesta", "Fair", "yan", "monthly", {"day": 5}, 1, True, "letter"
    )
    stored(url, template)
    app = open_page("events", url, template="fair")
    form(app, "name_en").set_value("My fair").run()
    theirs(url, replace(template, name_en="Their fair"))
    app.button("form_save").click().run()

    assert "Ali" in " ".join(element.value for element in app.warning)
    assert form(app, "name_en").value == "My fair"
    assert rule_of(url, "fair").template.name_en == "Their fair"
    app.button("form_mine").click().run()
    assert rule_of(url, "fair").template.name_en == "My fair"


def test_what_is_stored_can_be_taken_instead(tmp_path, open_page):
    url = a_live_database(tmp_path, some_posts())
    template = EventTemplate(
        "fair", "Pesta", "Fair", "yan", "monthly", {"day": 5}, 1, True, "letter"
    )
    stored(url, template)
    app = open_page("events", url, template="fair")
    form(app, "name_en").set_value("My fair").run()
    theirs(url, replace(template, name_en="Their fair"))
    app.button("form_save").click().run()
    app.button("form_theirs").click().run()

    assert form(app, "name_en").value == "Their fair"


def theirs(url: str, template: EventTemplate) -> None:
    """Another officer's edit, made meanwhile."""
    engine = open_writer(url)
    with engine.begin() as connection:
        seen = stored_template(connection, template.slug).updated_at
        save_template(connection, template, expected=seen, now=datetime.now(UTC), by="Ali")
    engine.dispose()


def test_a_deployment_that_may_not_write_says_so_and_keeps_the_words(tmp_path, open_page):
    url = a_live_database(tmp_path, some_posts())
    app = a_new_rule(open_page, url)
    engine = open_writer(url)
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER no_write BEFORE INSERT ON event_templates"
            " BEGIN INSERT INTO no_such_table VALUES (1); END"
        )
    engine.dispose()
    app.button("form_save").click().run()

    assert "may not write" in errors_of(app)
    assert form(app, "name_en").value == "Paddy Fair"


def test_in_the_demo_the_dates_follow_at_once(tmp_path, open_page):
    app = open_page("events", None, template="new")
    day = TODAY + timedelta(days=20)
    for name, value in {
        "name_ms": "Pesta Padi",
        "name_en": "Paddy Fair",
        "source": "letter",
        "dates": f"{day.day}/{day.month}/{day.year}",
    }.items():
        form(app, name).set_value(value)
    app.run()
    app.button("form_save").click().run()

    assert "Paddy Fair" in app.table[0].value.to_csv()
