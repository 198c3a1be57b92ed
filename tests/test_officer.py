"""Who writes: a logged-in officer, the local one, or nobody."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from ui.officer import LOCAL, is_local, name_in


def asked(secrets: dict) -> AppTest:
    def page() -> None:
        import streamlit as st

        from ui.officer import officer

        st.text(repr(officer()))

    app = AppTest.from_function(page)
    for key, value in secrets.items():
        app.secrets[key] = value
    return app.run()


def test_without_a_login_it_is_the_local_officer():
    assert asked({}).text[0].value == repr(LOCAL)


def test_where_one_can_log_in_nobody_writes_without():
    auth = {"redirect_uri": "http://localhost/oauth2callback", "cookie_secret": "x" * 32}
    assert asked({"auth": auth}).text[0].value == "None"


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ({"name": "Siti  Aminah", "email": "siti@example.org"}, "Siti Aminah"),
        ({"name": "", "email": "siti@example.org"}, "siti@example.org"),
        ({"sub": "4711"}, "4711"),
        ({}, None),
    ],
)
def test_a_person_is_called_by_the_best_name_there_is(told, name):
    assert name_in(told) == name


@pytest.mark.parametrize(
    ("address", "headers", "local"),
    [
        (None, {"Host": "localhost:8501"}, True),
        ("127.0.0.1", {"Host": "127.0.0.1:8501"}, True),
        ("::1", {"host": "[::1]:8501"}, True),
        (None, {}, True),
        (None, {"Host": "pulse.example.org"}, False),
        ("10.0.0.7", {"Host": "localhost:8501"}, False),
        (None, {"Host": "localhost:8501", "X-Forwarded-For": "10.0.0.7"}, False),
        (None, {"Host": "localhost:8501", "forwarded": "for=10.0.0.7"}, False),
        (None, {"Host": "127.0.0.1:8501", "Origin": "https://pulse.example.org"}, False),
        (None, {"Host": "localhost:8501", "Origin": "http://localhost:8501"}, True),
        (None, {"Host": "[broken"}, False),
    ],
)
def test_only_a_browser_on_this_machine_is_local(address, headers, local):
    assert is_local(address, headers) == local
