"""What collection costs and what the platforms still grant, on the Data health page."""

from __future__ import annotations

import streamlit as st

from db.costs import Cost
from insights.quotas import Allowance
from ui import blocks, data, text
from ui.text import t

OWNERS = {"gemini": "classify"}  # whose memory it is, and what pages call it


def shown(spending: data.Spending) -> None:
    """Two tables: the money of the last days, and the allowances of the platforms."""
    with blocks.card(t("spending.title", n=data.SPENDING_DAYS), t("spending.note")):
        _budget(spending)
        if spending.costs:
            rows = [_cost_row(cost) for cost in spending.costs]
            st.table(rows, border="horizontal", hide_index=True, alt=t("spending.alt"))
        else:
            st.caption(t("spending.none"))
    with blocks.card(t("spending.quota"), t("spending.quota_note")):
        if spending.allowances:
            rows = [_allowance_row(one) for one in spending.allowances]
            st.table(rows, border="horizontal", hide_index=True, alt=t("spending.quota_alt"))
        else:
            st.caption(t("spending.quota_none"))


def _budget(spending: data.Spending) -> None:
    today = dollars(spending.today)
    if spending.budget is None:
        st.caption(t("spending.today", today=today))
    else:
        st.caption(t("spending.today_of", today=today, budget=dollars(spending.budget)))


def dollars(usd: float | None) -> str:
    """US dollars, to the cent; amounts below a cent as such, and a dash for what is unknown."""
    if usd is None:
        return text.UNKNOWN
    return r"< US\$0.01" if 0 < usd < 0.005 else rf"US\${usd:,.2f}"


def _cost_row(cost: Cost) -> dict[str, str]:
    return {
        t("filter.platform"): text.platform(cost.platform),
        t("spending.runs"): text.number(cost.runs),
        t("spending.requests"): text.number(cost.requests),
        t("spending.tokens"): _tokens(cost),
        t("spending.cost"): cost_words(cost),
    }


def _tokens(cost: Cost) -> str:
    """Tokens read and written in one cell: a phone shows the table whole."""
    if cost.input_tokens is None and cost.output_tokens is None:
        return text.UNKNOWN
    return f"{text.compact(cost.input_tokens)} + {text.compact(cost.output_tokens)}"


def cost_words(cost: Cost) -> str:
    """What a platform cost: free, known, unknown, or known but for some runs."""
    if not cost.unknown:
        return t("spending.free") if cost.usd is None else dollars(cost.usd)
    if not cost.usd:
        return t("spending.unknown")
    return t("spending.partly", cost=dollars(cost.usd), n=text.number(cost.unknown))


def _allowance_row(one: Allowance) -> dict[str, str]:
    until = text.moment(one.resets_at, data.zone()) if one.resets_at else text.UNKNOWN
    return {
        t("filter.platform"): text.platform(OWNERS.get(one.platform, one.platform)),
        t("spending.allowance"): t(f"spending.{one.name}"),
        t("spending.used"): t("spending.unknown") if one.used is None else text.number(one.used),
        t("spending.limit"): t("spending.unknown") if one.limit is None else text.number(one.limit),
        t("spending.resets"): t("spending.closed", until=until) if one.closed else until,
    }
