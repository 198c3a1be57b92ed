"""What things cost, and that no more is bought once the money of the day is spent."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from collector.classify import STATE, Outcome
from collector.money import LIST_PRICES, Price, Purse, list_price
from collector.platforms import Page
from collector.rounds import collect
from db import queries, store
from db.costs import spent_today
from db.seed import seed_places
from insights.model import Kind
from insights.places import Gazetteer
from tests.fakes import KUALA_LUMPUR, NOW, FakeClassifier, FakeSource, a_post

DAY = timedelta(days=1)
DEAR = Price(input=1_000_000, output=2_000_000)  # a dollar a token read, two a token written
PER_POST = {"x": 0.25}


@pytest.fixture
def engine(engine):
    """A database with its places."""
    with engine.begin() as connection:
        store.set_up(connection, "Asia/Kuala_Lumpur", seed_places(), NOW)
    return engine


class Counting(FakeClassifier):
    """A classifier that says what each batch cost in tokens."""

    def __init__(self, read=10, written=1, size=1):
        super().__init__(size=size)
        self._tokens = (read, written)

    def classify(self, posts, stop):
        for outcome in super().classify(posts, stop):
            outcome.prompt_tokens, outcome.output_tokens = self._tokens
            yield outcome


def a_round(engine, *sources, classifier=None, now=NOW, purse):
    with engine.connect() as connection:
        gazetteer = Gazetteer(queries.gazetteer(connection))
    return collect(
        engine, sources, gazetteer, classifier, lambda: now, zone=KUALA_LUMPUR, purse=purse
    )


def last_run(engine, platform="x"):
    with engine.connect() as connection:
        return queries.runs(connection, 1, platform).iloc[0]


def spent(engine, now=NOW):
    with engine.connect() as connection:
        return spent_today(connection, now)


def pages(*sizes):
    return [Page("search:1", tuple(a_post() for _ in range(n)), last=False) for n in sizes]


# ---- prices ----


def test_a_model_of_the_table_has_its_price_until_the_last_day_named():
    assert list_price("gemini-3.5-flash-lite", date(2030, 1, 1)) == Price(0.30, 2.50)
    assert list_price("gemini-3.8-flash", date(2026, 12, 31)) == Price(0.75, 3.75)
    assert list_price("gemini-3.8-flash", date(2027, 1, 1)) is None


def test_of_a_model_that_nobody_named_no_price_is_guessed():
    assert list_price("gemini-9-ultra", date(2026, 11, 23)) is None
    assert Purse().tokens(3, 100, 100) is None


def test_tokens_are_priced_by_the_million():
    assert Purse(model=Price(0.30, 2.50)).tokens(1, 2_000_000, 1_000_000) == pytest.approx(3.10)


def test_unknown_tokens_have_an_unknown_price_and_no_call_costs_nothing():
    purse = Purse(model=DEAR)
    assert purse.tokens(1, None, 5) is None
    assert purse.tokens(0, 0, 0) == 0
    assert Purse().tokens(0, 0, 0) == 0


def test_the_documented_table_is_the_one_that_is_used():
    text = (Path(__file__).parents[1] / "docs" / "configuration.md").read_text()
    for model, (price, _) in LIST_PRICES.items():
        assert f"| `{model}` | {price.input:.2f} | {price.output:.2f} |" in text


# ---- what a round cost ----


def test_posts_of_x_are_paid_for_and_those_of_others_are_free(engine):
    free = FakeSource(*pages(3), platform="facebook")
    a_round(engine, FakeSource(*pages(3, 1)), free, purse=Purse(per_post=PER_POST))
    assert last_run(engine).cost_usd == pytest.approx(1.0)
    assert last_run(engine, "facebook").cost_usd is None
    assert spent(engine) == pytest.approx(1.0)


def test_calls_and_tokens_and_their_price_stand_in_the_run_record(engine):
    a_round(engine, FakeSource(*pages(3)), classifier=Counting(), purse=Purse(model=DEAR))
    run = last_run(engine, "classify")
    assert (run.calls, run.input_tokens, run.output_tokens, run.cost_usd) == (3, 30, 3, 36)


def test_tokens_are_told_also_where_the_price_is_unknown(engine):
    a_round(engine, FakeSource(*pages(1)), classifier=Counting(), purse=Purse())
    run = last_run(engine, "classify")
    assert (run.input_tokens, run.cost_usd) == (10, None)


def test_tokens_that_nobody_counted_are_unknown_and_not_none_at_all(engine):
    counting = Counting(None, None)
    a_round(engine, FakeSource(*pages(1)), classifier=counting, purse=Purse(model=DEAR))
    run = last_run(engine, "classify")
    assert (run.calls, run.input_tokens, run.cost_usd) == (1, None, None)


def test_nothing_asked_is_nothing_spent(engine):
    a_round(engine, classifier=Counting(), purse=Purse(model=DEAR))
    run = last_run(engine, "classify")
    assert (run.calls, run.input_tokens, run.cost_usd) == (0, 0, 0)


# ---- the budget ----


def test_x_stops_with_the_page_at_which_the_money_is_spent(engine):
    source = FakeSource(*pages(2, 2, 2, 2))
    a_round(engine, source, purse=Purse(0.9, PER_POST))
    assert source.requests == 2
    run = last_run(engine)
    assert (run.status, run.error_kind, run.stored) == ("partial", "budget", 4)


def test_without_money_x_is_not_asked_until_midnight_utc_restarts_or_not(engine):
    purse = Purse(0.9, PER_POST)
    a_round(engine, FakeSource(*pages(4)), purse=purse)
    again = FakeSource(*pages(1))
    a_round(engine, again, purse=Purse(0.9, PER_POST), now=NOW + timedelta(hours=2))
    assert again.requests == 0
    run = last_run(engine)
    assert (run.status, run.error_kind) == ("skipped", "budget")
    assert "$0.90" in run.note
    a_round(engine, again, purse=purse, now=NOW + DAY)
    assert again.requests == 1


def test_other_platforms_go_on_without_money(engine):
    purse = Purse(0.9, PER_POST)
    a_round(engine, FakeSource(*pages(4)), purse=purse)
    free = FakeSource(*pages(1), platform="facebook")
    a_round(engine, free, purse=purse)
    assert last_run(engine, "facebook").stored == 1


def test_the_classifier_stops_with_the_batch_at_which_the_money_is_spent(engine):
    counting = Counting()
    a_round(engine, FakeSource(*pages(5)), classifier=counting, purse=Purse(20, {}, DEAR))
    assert len(counting.asked) == 2
    assert last_run(engine, "classify").error_kind == "budget"
    waiting = Counting()
    a_round(engine, classifier=waiting, purse=Purse(20, {}, DEAR))
    assert waiting.asked == []
    assert last_run(engine, "classify").status == "skipped"


def test_x_and_the_classifier_share_one_budget(engine):
    counting = Counting()
    purse = Purse(1.0, PER_POST, DEAR)
    a_round(engine, FakeSource(*pages(4)), classifier=counting, purse=purse)
    assert counting.asked == []
    assert Kind(last_run(engine, "classify").error_kind) == Kind.BUDGET


def test_without_a_budget_nothing_stops(engine):
    purse = Purse(None, PER_POST, DEAR)
    a_round(engine, FakeSource(*pages(50)), classifier=Counting(size=50), purse=purse)
    assert last_run(engine).status == "ok"
    assert spent(engine) == pytest.approx(12.5 + 12)


def test_what_was_spent_yesterday_is_not_spent_today(engine):
    a_round(engine, FakeSource(*pages(4)), purse=Purse(None, PER_POST))
    assert spent(engine, NOW + DAY) == 0


@pytest.mark.parametrize("odd", [{"day": 1, "usd": 2}, {"usd": "much"}, ["?"], "?"])
def test_a_memory_that_cannot_be_read_is_nothing_spent(engine, odd):
    with engine.begin() as connection:
        store.save_state(connection, STATE, {"spent": odd}, NOW)
    assert spent(engine) == 0


def test_an_outcome_without_tokens_of_its_own_counts_none():
    assert (Outcome().prompt_tokens, Outcome().output_tokens) == (0, 0)
