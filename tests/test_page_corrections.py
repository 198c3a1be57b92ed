"""Officers correct posts on the page, judge labels drawn by lot, and take decisions back."""

from __future__ import annotations

import pytest

from db import corrections, store
from db.cube import Cube
from db.engine import open_writer, snapshot
from insights.model import Scope, Sentiment
from tests.dashboards import a_live_database
from tests.pages import NOW, labelled, opener, some_posts, words_of
from ui import data, officer


@pytest.fixture
def open_page(tmp_path, monkeypatch):
    return opener(tmp_path, monkeypatch)


@pytest.fixture
def live(tmp_path):
    posts = some_posts(4)
    return a_live_database(tmp_path, posts, labels=labelled(posts, Sentiment.NEGATIVE))


def made(url: str):
    engine = open_writer(url)
    with snapshot(engine) as connection:
        found = corrections.history(connection)
    engine.dispose()
    return found


def counted(url: str):
    engine = open_writer(url)
    with engine.begin() as connection:
        store.apply_corrections(connection, now=NOW)
    cube = Cube.load(engine)
    totals = cube.totals(Scope(cube.first_day, data.today().replace(year=data.today().year + 1)))
    engine.dispose()
    return totals


def button(app, words: str):
    return next(one for one in app.button if one.label.startswith(words))


def choose(app, count: int):
    for box in app.checkbox[:count]:
        box.check()
    return app.run()


def test_nobody_is_asked_to_choose_before_the_switch_is_on(open_page, live):
    app = open_page("posts", live)
    assert not app.checkbox
    assert not [one for one in app.button if one.label.startswith("Correct")]


def test_two_chosen_posts_are_corrected_and_counted_by_the_collector(open_page, live):
    app = choose(open_page("posts", live, correct="1"), 2)
    app.selectbox(key="said_sentiment").select("positive").run()
    button(app, "Correct 2").click().run()
    assert not app.exception
    assert "Corrections saved: 2." in " ".join(one.value for one in app.success)
    found = made(live)
    assert found["value"].tolist() == ["positive", "positive"]
    assert found["officer"].tolist() == [officer.LOCAL] * 2
    assert found["batch"].nunique() == 1
    totals = counted(live)
    assert (totals.positive, totals.negative) == (2, 2)


def test_a_correction_that_no_figure_knows_yet_says_so_on_its_post(open_page, live):
    app = choose(open_page("posts", live, correct="1"), 1)
    button(app, "Correct 1").click().run()
    assert "(not in the figures yet)" in words_of(app).replace("\\", "")


def test_nothing_chosen_is_nothing_to_save(open_page, live):
    app = open_page("posts", live, correct="1")
    assert button(app, "Correct 0").disabled


def test_all_posts_of_the_page_can_be_chosen_at_once(open_page, live):
    app = open_page("posts", live, correct="1")
    button(app, "Choose all").click().run()
    assert button(app, "Correct 4")


def test_who_is_not_logged_in_where_a_login_exists_corrects_nothing(open_page, live, monkeypatch):
    monkeypatch.setattr(officer, "officer", lambda: None)
    app = open_page("posts", live, correct="1")
    assert "signed in" in " ".join(one.value for one in app.info)
    assert not [one for one in app.button if one.label.startswith("Correct")]
    app = open_page("accuracy", live)
    assert not app.radio


def test_a_database_that_may_not_be_written_says_so_and_loses_nothing(open_page, live, monkeypatch):
    app = choose(open_page("posts", live, correct="1"), 2)

    def refuse(*_args, **_given):
        raise data.DatabaseError("read only")

    monkeypatch.setattr(data.corrections, "save_corrections", refuse)
    button(app, "Correct 2").click().run()
    assert "could not be saved" in " ".join(one.value for one in app.error)
    assert button(app, "Correct 2")
    assert made(live).empty


def test_judging_labels_by_lot_fills_the_accuracy_panel(open_page, live):
    app = open_page("accuracy", live)
    assert "No officer has judged a label yet." in words_of(app)
    assert len(app.radio) == 4
    app.radio[0].set_value("negative")
    app.radio[1].set_value("positive")
    app.radio[2].set_value("skip")
    button(app, "Save what I chose").click().run()
    assert not app.exception
    assert made(live)["sampled"].tolist() == [True, True]
    panel = app.table[0].value
    assert panel["Judged"].tolist()[0] == "2"
    assert panel["Agreement"].tolist()[0].startswith("50")
    assert "too few" in panel["Agreement"].tolist()[0]
    assert panel["Opposite"].tolist()[0] == "1"
    assert len(app.radio) == 2


def test_a_decision_can_be_taken_back_on_the_page(open_page, live):
    app = choose(open_page("posts", live, correct="1"), 1)
    button(app, "Correct 1").click().run()
    app = open_page("accuracy", live)
    assert "Sentiment: Negative (1)" in words_of(app).replace("\\", "")
    button(app, "Undo").click().run()
    assert "taken back by local officer" in words_of(app).replace("\\", "")
    assert not [one for one in app.button if one.label == "Undo"]
    assert counted(live).negative == 4


def test_in_the_demo_a_correction_counts_at_once(open_page):
    app = choose(open_page("posts", demo="1", correct="1", sentiment="negative"), 1)
    app.selectbox(key="said_sentiment").select("positive").run()
    button(app, "Correct 1").click().run()
    assert "counted in the demo" in " ".join(one.value for one in app.success)
    found = made(data.settings().demo_database_url)
    assert found["applied_at"].notna().all()
