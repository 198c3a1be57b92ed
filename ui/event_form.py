"""The rules behind events, written by officers: list, form, preview, save."""

from __future__ import annotations

import calendar
from collections.abc import Callable, Iterable
from dataclasses import asdict, fields, replace
from datetime import datetime
from typing import Any

import pandas as pd
import streamlit as st

from db.engine import ERRORS
from insights.drafts import (
    KINDS,
    LONGEST_NAME,
    LONGEST_SOURCE,
    NTH,
    Draft,
    Problem,
    checked,
    draft_of,
)
from insights.model import Event, EventTemplate
from insights.recurrence import LONGEST_DAYS, RECURRENCES, next_events, only_month
from ui import blocks, data, events, filters, officer, shell, text
from ui.text import t

NEW = "new"
NONE = "none"
_PREVIEW = 5
_STATE = "event_form"
_TEMPLATE = tuple(field.name for field in fields(EventTemplate))
# As the week is counted here: Sunday first.
_WEEKDAYS = (6, 0, 1, 2, 3, 4, 5)
_WHERE = (filters.ALL, *filters.CITIES)


def shown() -> None:
    """The list of rules, and under it the form of the one that the URL names."""
    rows = data.templates()
    with blocks.card(t("events.templates"), t("events.templates_note"), key="event_templates"):
        if not rows.empty:
            events.rules(rows)
        code = _picked(rows)
        if code == NONE:
            _forget()
            return
        _load(code, rows)
        _form()


def _picked(rows: pd.DataFrame) -> str:
    names = {row["slug"]: events.name_of(row) for row in rows.to_dict("records")}
    slugs = sorted(names, key=lambda slug: names[slug].casefold())
    options = (NONE, NEW, *slugs)
    code = filters.one_of(st.query_params.get("template"), options, NONE)
    shell.pick(
        st.selectbox,
        "template",
        t("form.which"),
        options,
        code,
        names=lambda one: names.get(one) or t(f"form.{one}"),
    )
    return code


# --- what is being written -----------------------------------------------------------------------


class _Form:
    """What an officer is writing, kept in the session: no rerun, error or language loses it.

    `expected` is when the template that the form began with was last changed, None for a new one.
    """

    def __init__(self, code: str, draft: Draft, expected: datetime | None, number: int):
        self.code, self.expected, self.number = code, expected, number
        self.fields: dict[str, Any] = asdict(draft)
        self.tried = False
        self.said: str | None = None
        self.conflict: data.Overwritten | None = None

    @property
    def draft(self) -> Draft:
        return Draft(**{**self.fields, "weekdays": tuple(self.fields["weekdays"])})


def _load(code: str, rows: pd.DataFrame) -> None:
    """Begin a form unless the session has this one."""
    held: _Form | None = st.session_state.get(_STATE)
    if held is None or held.code != code:
        st.session_state[_STATE] = _begun(code, rows, held.number + 1 if held else 0)


def _forget() -> None:
    """Let the next form begin anew. Its number goes on: widgets of the old one keep their words."""
    held: _Form | None = st.session_state.get(_STATE)
    if held is not None:
        held.code = NONE


def _begun(code: str, rows: pd.DataFrame, number: int) -> _Form:
    if code == NEW:
        year = data.today().year
        return _Form(code, Draft(first_year=year), None, number)
    row = rows[rows["slug"] == code].iloc[0]
    template = EventTemplate(**{name: row[name] for name in _TEMPLATE})
    known = replace(template, duration_days=int(row["duration_days"]), active=bool(row["active"]))
    expected = pd.Timestamp(row["updated_at"]).to_pydatetime()
    return _Form(code, draft_of(known), expected, number)


@st.fragment
def _form() -> None:
    """The fields, the next dates, the button; runs alone while somebody types."""
    form: _Form = st.session_state[_STATE]
    with st.container(key="event_form"):
        _says(form)
        _what(form)
        _when(form)
        template, problems = checked(form.draft, data.today())
        _problems(form, problems)
        if template is not None:
            _preview(template)
        _foot(form, template)


def _field(form: _Form, widget: Callable, name: str, label: str, **given: Any) -> Any:
    """One field whose value is kept in the form and not in the widget, which forgets it when it
    is not shown."""
    key = f"form_{name}_{form.number}_{text.language()}"
    if key not in st.session_state:
        st.session_state[key] = form.fields[name]
    value = widget(label, key=key, **given)
    if value is not None or widget is st.date_input:
        form.fields[name] = value
    return form.fields[name]


def _choice(form: _Form, name: str, options: Iterable, words: Callable[[Any], str], **given) -> Any:
    widget = given.pop("widget", st.selectbox)
    label = given.pop("label", t(f"form.{name}"))
    shown = {option: words(option) for option in options}
    return _field(form, widget, name, label, options=tuple(shown), format_func=shown.get, **given)


def _what(form: _Form) -> None:
    with st.grid(2, min_column_width=240):
        _field(form, st.text_input, "name_ms", t("form.name_ms"), max_chars=LONGEST_NAME)
        _field(form, st.text_input, "name_en", t("form.name_en"), max_chars=LONGEST_NAME)
        _choice(form, "city_slug", _WHERE, text.city)
        _choice(form, "kind", KINDS, lambda code: text.name_of("kind", code))
    _field(
        form,
        st.text_input,
        "source",
        t("form.source"),
        max_chars=LONGEST_SOURCE,
        help=t("form.source_help"),
    )


# --- when it returns -----------------------------------------------------------------------------


def _when(form: _Form) -> None:
    with st.grid(3, min_column_width=180):
        recurrence = _choice(
            form, "recurrence", RECURRENCES, lambda code: text.name_of("recurrence", code)
        )
        _FIELDS[recurrence](form)
        unknown = recurrence == "yearly" and form.fields["by"] == "unknown"
        if not unknown:
            _count(form, "duration_days", 1, LONGEST_DAYS)
    if recurrence in ("dates", "islamic"):
        _lines(form, recurrence)
    elif not unknown:
        _field(form, st.toggle, "confirmed", t("form.confirmed"), help=t("form.confirmed_help"))
    if form.code != NEW:
        _field(form, st.toggle, "active", t("form.active"), help=t("form.active_help"))


def _count(form: _Form, name: str, least: int, most: int) -> None:
    _field(form, st.number_input, name, t(f"form.{name}"), min_value=least, max_value=most, step=1)


def _weekly(form: _Form) -> None:
    _field(
        form,
        st.pills,
        "weekdays",
        t("form.weekdays"),
        options=_WEEKDAYS,
        format_func=_weekday,
        selection_mode="multi",
    )
    _count(form, "every", 1, 52)
    if form.fields["every"] > 1:
        _field(form, st.date_input, "counted_from", t("form.counted_from"), format="DD/MM/YYYY")


def _weekday(number: int) -> str:
    return t("date.weekdays").split()[number]


def _monthly(form: _Form) -> None:
    if form.fields["by"] == "unknown":
        form.fields["by"] = "day"
    _day_or_nth(form, ("day", "nth"), 31)


def _yearly(form: _Form) -> None:
    months = t("date.months_long").split()
    _choice(form, "month", range(1, 13), lambda month: months[month - 1])
    longest = calendar.monthrange(2024, form.fields["month"])[1]
    _day_or_nth(form, ("day", "nth", "unknown"), longest)
    _count(form, "every", 1, 20)
    if form.fields["every"] > 1:
        _count(form, "first_year", 2000, 2100)


def _day_or_nth(form: _Form, ways: tuple[str, ...], longest: int) -> None:
    by = _choice(form, "by", ways, lambda way: t(f"form.by_{way}"))
    if by == "nth":
        _choice(form, "nth", NTH, lambda nth: t(f"form.nth_{'last' if nth < 0 else nth}"))
        _choice(form, "weekday", _WEEKDAYS, _weekday)
    elif by == "day":
        _day(form, longest, 28)


def _day(form: _Form, longest: int, always: int) -> None:
    """The day of the month and, for one that not every month has, what happens then."""
    _count(form, "day", 1, 31 if longest > 30 else longest)
    if form.fields["day"] > always:
        _choice(form, "missing", ("last", "skip"), lambda way: t(f"form.missing_{way}"))


def _islamic(form: _Form) -> None:
    months = t("date.islamic_months").split(",")
    _choice(form, "month", range(1, 13), lambda month: months[month - 1].strip())
    _day(form, 30, 29)


_FIELDS = {
    "weekly": _weekly,
    "monthly": _monthly,
    "yearly": _yearly,
    "islamic": _islamic,
    "dates": lambda form: None,
}


def _lines(form: _Form, recurrence: str) -> None:
    label, help_ = t(f"form.lines_{recurrence}"), t(f"form.lines_{recurrence}_help")
    _field(form, st.text_area, "dates", label, height=130)
    st.caption(help_)


# --- what becomes of it --------------------------------------------------------------------------


def _problems(form: _Form, problems: Iterable[Problem]) -> None:
    """What is wrong, at once where something was typed, all of it once a save was tried."""
    told = [one for one in problems if form.tried or one.code != "missing"]
    if told:
        lines = [
            t(
                f"form.wrong_{one.code}",
                field=t(f"form.{_LABELS.get(one.field, one.field)}"),
                detail=text.inert(one.detail),
            )
            for one in told
        ]
        st.error("  \n".join(lines), icon=":material/error:")


_LABELS = {"dates": "dates_field"}


def _preview(template: EventTemplate) -> None:
    """The next five dates as the collector would make them."""
    coming = next_events(template, data.today(), _PREVIEW) if template.active else []
    st.markdown(f"**{t('form.preview')}**")
    if not coming:
        st.caption(t("form.no_dates" if template.active else "form.at_rest"))
        return
    st.markdown("  \n".join(f"{_dates(event)} {events.badge(event.confirmed)}" for event in coming))


def _dates(event: Event) -> str:
    if only_month(event.starts_on, event.ends_on, event.confirmed):
        return text.month(event.starts_on)
    return f"{text.weekday(event.starts_on)} {text.days(event.starts_on, event.ends_on)}"


def _foot(form: _Form, template: EventTemplate | None) -> None:
    """The button, or who may press it."""
    name = officer.officer()
    if name is None:
        words = "login" if officer.login_is_configured() else "nobody"
        st.info(t(f"form.{words}"), icon=":material/login:")
        if words == "login" and officer.can_log_in() and st.button(t("form.login_button")):
            st.login()
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(t("form.save"), type="primary", key="form_save"):
            _save(form, template, name)
        if st.button(t("form.discard"), key="form_discard"):
            _close()
    if form.conflict is not None:
        _conflict(form, template, name)


def _save(form: _Form, template: EventTemplate | None, name: str) -> None:
    form.tried, form.said, form.conflict = True, None, None
    if template is not None:
        try:
            stored = data.save_template(template, form.expected, name)
        except data.Overwritten as conflict:
            form.conflict = conflict
        except ERRORS:
            form.said = "read_only"
        else:
            _saved(form, stored.template, stored.updated_at)
            return
    st.rerun()


def _saved(form: _Form, template: EventTemplate, at: datetime) -> None:
    form = _Form(template.slug, draft_of(template), at, form.number + 1)
    form.said = "saved_demo" if data.status().demo else "saved"
    st.session_state[_STATE] = form
    shell.put_in_url(template=template.slug)
    st.rerun()


def _close() -> None:
    _forget()
    shell.put_in_url(template=None)
    st.rerun()


def _conflict(form: _Form, template: EventTemplate | None, name: str) -> None:
    """Somebody was quicker: what is written here stays, and the officer decides."""
    by, at = form.conflict.by or t("form.the_collector"), form.conflict.at
    if at is None:
        st.warning(t("form.again"), icon=":material/group:")
        return
    words = t("form.conflict", by=text.inert(by), at=text.moment(at, data.zone()))
    st.warning(words, icon=":material/group:")
    with st.container(horizontal=True):
        if st.button(t("form.take_theirs"), key="form_theirs"):
            _forget()
            st.rerun()
        if st.button(t("form.keep_mine"), key="form_mine"):
            form.expected, form.conflict = at, None
            _save(form, template, name)


def _says(form: _Form) -> None:
    if form.said == "read_only":
        st.error(t("form.read_only"), icon=":material/lock:")
    elif form.said is not None:
        st.success(t(f"form.{form.said}"), icon=":material/check_circle:")
