"""What collection cost over some time, told apart from what nobody knows."""

from datetime import timedelta

import pytest

from db import store
from db.costs import allowances_of, costs, entry_of, spent_by, spent_today
from insights.model import RunStatus
from tests.fakes import NOW

DAY = timedelta(days=1)


@pytest.fixture
def connection(engine):
    """An open transaction on an empty database."""
    with engine.begin() as connection:
        store.set_up(connection, "Asia/Kuala_Lumpur", [], NOW)
        yield connection


def a_run(connection, platform="x", at=NOW, **numbers):
    run = store.start_run(connection, "round", platform, at)
    store.finish_run(connection, run, status=RunStatus.OK, now=at, **numbers)


def test_costs_are_summed_by_platform(connection):
    a_run(connection, requests=2, cost_usd=0.5)
    a_run(connection, requests=1, cost_usd=0.25)
    a_run(connection, "classify", calls=3, input_tokens=100, output_tokens=9, cost_usd=0.01)
    labels, x = costs(connection, NOW)
    assert (x.platform, x.runs, x.requests, x.usd) == ("x", 2, 3, 0.75)
    assert (labels.input_tokens, labels.output_tokens, labels.unknown) == (100, 9, 0)


def test_a_platform_that_takes_no_money_has_no_cost(connection):
    a_run(connection, "facebook", requests=5)
    (one,) = costs(connection, NOW)
    assert (one.usd, one.unknown, one.input_tokens) == (None, 0, None)


def test_runs_at_a_price_nobody_knows_are_counted_apart(connection):
    a_run(connection, "classify", calls=3, input_tokens=100)
    a_run(connection, "classify", calls=0, input_tokens=0, cost_usd=0.0)
    a_run(connection, "classify", calls=1, input_tokens=10, cost_usd=2.0)
    (one,) = costs(connection, NOW)
    assert (one.usd, one.unknown, one.input_tokens) == (2.0, 1, 110)


def test_only_runs_since_then_are_counted(connection):
    a_run(connection, at=NOW - DAY, cost_usd=9.0)
    a_run(connection, cost_usd=1.0)
    (one,) = costs(connection, NOW - timedelta(hours=1))
    assert one.usd == 1.0


def test_no_runs_cost_nothing_that_could_be_told(connection):
    assert costs(connection, NOW) == []
    assert spent_today(connection, NOW) == 0


def test_money_is_remembered_by_whoever_spent_it_and_for_the_day(connection):
    store.save_state(connection, "x", {"spent": entry_of(1.5, NOW)}, NOW)
    store.save_state(connection, "gemini", {"spent": entry_of(0.5, NOW)}, NOW)
    store.save_state(connection, "youtube", {"spent": entry_of(9.0, NOW - DAY)}, NOW)
    assert spent_today(connection, NOW) == 2.0
    assert spent_by(connection, "x", NOW) == 1.5
    assert spent_by(connection, "facebook", NOW) == 0.0


def test_allowances_are_read_from_what_platforms_remember(connection):
    ledger = {"day": "2026-11-23", "used": {"requests": 12, "records": 600}}
    store.save_state(connection, "tiktok", {"quota": ledger, "cursor:a": "b"}, NOW)
    assert [(one.name, one.used) for one in allowances_of(connection, NOW)] == [
        ("requests", 12),
        ("records", 600),
    ]
