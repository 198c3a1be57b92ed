"""What an operator reads at a terminal of money, allowances and posts asked for again."""

import pytest

from collector.status import status_lines
from db import store
from db.costs import entry_of
from insights.model import RunStatus
from tests.fakes import KUALA_LUMPUR, NOW


@pytest.fixture
def connection(engine):
    """An open transaction on an empty database."""
    with engine.begin() as connection:
        store.set_up(connection, "Asia/Kuala_Lumpur", [], NOW)
        yield connection


def a_run(connection, platform, **numbers):
    run = store.start_run(connection, "round", platform, NOW)
    store.finish_run(connection, run, status=RunStatus.OK, now=NOW, **numbers)


def lines(connection):
    return list(status_lines(connection, NOW, KUALA_LUMPUR))


def test_money_is_told_with_what_nobody_knows(connection):
    a_run(connection, "x", cost_usd=1.5)
    a_run(connection, "facebook")
    a_run(connection, "classify", calls=1, input_tokens=900, output_tokens=30)
    store.save_state(connection, "x", {"spent": entry_of(1.5, NOW)}, NOW)
    said = lines(connection)
    assert "spent since midnight UTC: $1.50" in said
    assert "cost of 30 days: x: $1.50" in said
    assert "cost of 30 days: classify: unknown, 900 tokens read and 30 written" in said
    assert not any("facebook" in line for line in said if line.startswith("cost"))


def test_allowances_are_told_with_the_hour_at_which_they_begin_anew(connection):
    ledger = {"day": "2026-11-23", "used": {"requests": 12, "records": 600}}
    store.save_state(connection, "tiktok", {"quota": ledger}, NOW)
    assert "allowance: tiktok: requests 12 of 1000, anew at 2026-11-24 08:00" in lines(connection)


def test_posts_asked_for_again_and_gone_stand_with_their_platform(connection):
    a_run(connection, "x", refreshed=40, gone=2)
    (line,) = [line for line in lines(connection) if line.startswith("x:")]
    assert "40 asked for again, 2 gone and deleted" in line
