"""How officers correct posts on the Posts page, judge labels drawn by lot, and take both back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
import streamlit as st

from db.engine import ERRORS
from insights.accuracy import LEAST, Agreement, agreements, drawn_by_lot, of_machine
from insights.corrections import UNKNOWN, Correction, CorrectionError, Field
from insights.model import Platform, Sentiment
from ui import blocks, data, officer, shell, text
from ui.text import t

SAMPLE = 10
HISTORY = 200
BATCHES = 15
_ON = "correct"
_SAID = "said_of_corrections"
_NOTE = "correction_note"
_SKIP = "skip"
_LABELS = [str(label) for label in Sentiment]


# --- correcting the posts of a list ---------------------------------------------------------------


def is_on() -> bool:
    """Whether this reader is correcting posts; in the URL like every other state."""
    return st.query_params.get(_ON) == "1"


def switch(rows: pd.DataFrame) -> None:
    """The switch above a list of posts and, when it is on, what to say of the chosen ones."""
    shell.show(_ON, is_on())
    st.toggle(t("correction.switch"), key=shell.state_of(_ON), on_change=_switched)
    tell()
    if not is_on():
        return
    who = officer.officer()
    if who is None:
        st.info(t("correction.log_in"), icon=":material/lock:")
        return
    with st.container(border=True, key="correction"):
        _decision(rows, who)


def _switched() -> None:
    shell.put_in_url(correct="1" if st.session_state[shell.state_of(_ON)] else None)


def _decision(rows: pd.DataFrame, who: str) -> None:
    chosen = _chosen(rows)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        fields = {str(field): _field_name(field) for field in Field}
        field = Field(_pick("field", "said_field", fields, 190))
        values = {code: value_name(field, code) for code in _values(field)}
        value = _pick("value", f"said_{field}", values, 240)
        st.text_input(t("correction.note"), key=_NOTE, max_chars=200, width=260)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            t("correction.save", n=text.number(len(chosen))),
            type="primary",
            disabled=not chosen,
            on_click=_save,
            args=(chosen, field, value, who),
        )
        st.button(t("correction.all"), on_click=_choose_all, args=(_keys(rows),))
        st.caption(t("correction.as_whom", who=text.inert(name_of(who))))


def _pick(what: str, key: str, names: Mapping[str, str], width: int) -> str:
    """A choice among codes, shown by their names as the page that asks has them."""
    label = t(f"correction.{what}")
    return st.selectbox(label, list(names), format_func=names.get, width=width, key=key)


def _keys(rows: pd.DataFrame) -> list[tuple[str, str]]:
    return list(zip(rows["post_id"], rows["platform"], strict=True))


def _box(key: tuple[str, str]) -> str:
    return f"choose_{key[1]}_{key[0]}"


def box(row: Mapping[str, Any]) -> None:
    """The box in which an officer chooses a post; a repost is nobody's to correct."""
    if is_on() and not row["is_repost"]:
        key = _box((row["post_id"], row["platform"]))
        st.checkbox(t("correction.choose"), key=key)


def _chosen(rows: pd.DataFrame) -> list[tuple[str, str]]:
    return [key for key in _keys(rows) if st.session_state.get(_box(key))]


def _choose_all(keys: list[tuple[str, str]]) -> None:
    for key in keys:
        st.session_state[_box(key)] = True


def _values(field: Field) -> list[str]:
    if field is Field.SENTIMENT:
        return _LABELS
    if field is Field.RELEVANT:
        return ["no", "yes"]
    names = {place.slug: place.name for place in data.places()}
    return [UNKNOWN, *sorted(names, key=lambda slug: names[slug].casefold())]


def _field_name(field: str) -> str:
    return text.name_of("correction_field", str(field))


def value_name(field: str, value: str) -> str:
    """A correction's value in words."""
    if field == Field.SENTIMENT:
        return text.sentiment(value)
    if field == Field.RELEVANT:
        return text.name_of("counted", value)
    known = {place.slug: place.name for place in data.places()}
    return known.get(value, t("posts.unknown_place"))


def _save(chosen: list[tuple[str, str]], field: Field, value: str, who: str) -> None:
    decisions = [Correction(Platform(of), post_id, field, value) for post_id, of in chosen]
    note = st.session_state.get(_NOTE, "")
    if _written(lambda: data.save_corrections(decisions, officer=who, note=note), len(decisions)):
        for key in chosen:
            st.session_state[_box(key)] = False
        st.session_state[_NOTE] = ""


def _written(write: Callable[[], None], posts: int) -> bool:
    """Write; whatever comes of it is told on the page that follows, and nothing typed is lost."""
    try:
        write()
    except CorrectionError as error:
        st.session_state[_SAID] = ("error", t(f"correction.error_{error}"))
        return False
    except ERRORS:
        st.session_state[_SAID] = ("error", t("correction.error_database"))
        return False
    counted = "saved_demo" if data.status().demo else "saved"
    st.session_state[_SAID] = ("success", t(f"correction.{counted}", n=text.number(posts)))
    return True


def tell() -> None:
    """What became of the last thing an officer wrote; once."""
    kind, said = st.session_state.pop(_SAID, (None, ""))
    if kind == "success":
        st.success(said, icon=":material/check:")
    elif kind == "error":
        st.error(said, icon=":material/error:")


def lines(found: Mapping[str, Any]) -> list[str]:
    """What officers said of one post: what, who, when, and what stood before."""
    return [
        t(
            "correction.line",
            field=_field_name(row.field),
            value=value_name(row.field, row.value),
            who=name_of(row.officer),
            when=text.moment(row.corrected_at, data.zone()),
            before=_before(row.field, row.before),
        )
        + ("" if row.applied_at else f" {t('correction.not_counted_yet')}")
        for row in found.values()
    ]


def _before(field: str, before: str | None) -> str:
    return value_name(field, before) if before else t("posts.waiting")


def name_of(who: str) -> str:
    """An officer's name as it is shown."""
    return t("correction.local") if who == officer.LOCAL else who


# --- accuracy -------------------------------------------------------------------------------------


def accuracy() -> None:
    """How often officers agreed with the machine, by language, also where it is poor."""
    with blocks.card(t("accuracy.title"), t("accuracy.note"), height="content", key="accuracy"):
        if data.judged_labels().empty:
            blocks.empty(t("accuracy.nobody"), hint=t("accuracy.nobody_hint"), reset=False)
            return
        rows = [_row(kind, language, one) for kind, language, one in judged()]
        blocks.table(rows, alt=t("accuracy.title"))
        st.caption(t("accuracy.how", least=LEAST))


def judged() -> list[tuple[str, str, Agreement]]:
    """The rows of the panel: kind of labels, language (both in words), and how often agreed."""
    labels = data.judged_labels()
    lots = drawn_by_lot(labels)
    kinds = {
        "gemini": of_machine(lots, offline=False),
        "offline": of_machine(lots, offline=True),
        "picked": labels[~labels["sampled"].astype(bool)],
    }
    return [
        (t(f"accuracy.{kind}"), _language(one.language), one)
        for kind, rows in kinds.items()
        for one in agreements(rows)
    ]


def _language(code: str | None) -> str:
    return t("accuracy.all") if code is None else text.name_of("language", code or None)


def _row(kind: str, language: str, one: Agreement) -> dict[str, str]:
    low, high = text.percent(one.share.low), text.percent(one.share.high)
    return {
        t("accuracy.column_kind"): kind,
        t("accuracy.column_language"): language,
        t("accuracy.column_share"): f"{text.percent(one.share.value)} ({low}\N{EN DASH}{high})"
        + ("" if one.enough else f" {t('accuracy.too_few')}"),
        t("accuracy.column_n"): text.number(one.share.n),
        t("accuracy.column_opposite"): text.number(one.opposite),
        t("accuracy.column_last"): text.day(one.last.astimezone(data.zone()).date()),
    }


# --- judging labels drawn by lot ------------------------------------------------------------------


def drawn() -> None:
    """Posts drawn by lot, shown without their label, for an officer to say what it should be."""
    note = t("accuracy.draw_note", n=SAMPLE)
    with blocks.card(t("accuracy.draw_title"), note, height="content", key="drawn"):
        who = officer.officer()
        if who is None:
            st.info(t("correction.log_in"), icon=":material/lock:")
            return
        year, week, _ = data.today().isocalendar()
        rows = data.labels_to_judge(f"{year}-{week}", SAMPLE)
        if rows.empty:
            blocks.empty(t("accuracy.none_left"), reset=False)
            return
        with st.form("judge", border=False):
            names = {label: text.sentiment(label) for label in _LABELS}
            names[_SKIP] = t("accuracy.skip")
            for row in rows.to_dict("records"):
                _question(row, names)
            st.form_submit_button(
                t("accuracy.judge"), type="primary", on_click=_judge, args=(_keys(rows), who)
            )


def _question(row: Mapping[str, Any], names: Mapping[str, str]) -> None:
    with st.container(border=True, gap="xsmall"):
        when = text.moment(row["created_at"], data.zone())
        st.caption(f"{text.platform(row['platform'])} · {when}")
        blocks.plain(row["content"])
        st.radio(
            t("accuracy.question"),
            list(names),
            index=None,
            key=_answer((row["post_id"], row["platform"])),
            format_func=names.get,
            horizontal=True,
        )


def _answer(key: tuple[str, str]) -> str:
    return f"judged_{key[1]}_{key[0]}"


def _judge(keys: list[tuple[str, str]], who: str) -> None:
    said = {key: st.session_state.get(_answer(key)) for key in keys}
    decisions = [
        Correction(Platform(key[1]), key[0], Field.SENTIMENT, label)
        for key, label in said.items()
        if label in _LABELS
    ]
    if not decisions:
        st.session_state[_SAID] = ("error", t("accuracy.nothing_said"))
        return
    _written(lambda: data.save_corrections(decisions, officer=who, sampled=True), len(decisions))


# --- who corrected what ---------------------------------------------------------------------------


def history() -> None:
    """The latest decisions, who made them and when, each with its way back."""
    made = data.corrections_made(HISTORY)
    with blocks.card(t("correction.history"), _waiting_note(), height="content", key="history"):
        if made.empty:
            blocks.empty(t("correction.none"), hint=t("correction.none_hint"), reset=False)
            return
        for batch, rows in list(made.groupby("batch", sort=False))[:BATCHES]:
            _batch(str(batch), rows)


def _waiting_note() -> str:
    waiting = data.waiting_corrections()
    return t("correction.waiting", n=text.number(waiting)) if waiting else ""


def _batch(batch: str, rows: pd.DataFrame) -> None:
    first = rows.iloc[0]
    undone = pd.notna(first["undone_at"])
    with st.container(horizontal=True, vertical_alignment="center", border=True):
        with st.container(gap=None, width="stretch"):
            st.markdown(text.inert(_said_in(rows)))
            fine = [
                name_of(first["officer"]),
                text.moment(first["corrected_at"], data.zone()),
                t("accuracy.by_lot") if first["sampled"] else "",
                f"“{first['note']}”" if first["note"] else "",
            ]
            if undone:
                fine.append(
                    t(
                        "correction.undone",
                        who=name_of(first["undone_by"]),
                        when=text.moment(first["undone_at"], data.zone()),
                    )
                )
            st.caption(text.inert(" · ".join(part for part in fine if part)))
        who = officer.officer()
        if not undone and who is not None:
            st.button(t("correction.undo"), key=f"undo_{batch}", on_click=_undo, args=(batch, who))


def _said_in(rows: pd.DataFrame) -> str:
    """What a decision said, and of how many posts."""
    parts = [
        f"{_field_name(field)}: {value_name(field, value)} ({text.number(len(group))})"
        for (field, value), group in rows.groupby(["field", "value"])
    ]
    return ", ".join(parts)


def _undo(batch: str, who: str) -> None:
    try:
        data.undo_corrections(batch, officer=who)
    except ERRORS:
        st.session_state[_SAID] = ("error", t("correction.error_database"))
        return
    st.session_state[_SAID] = ("success", t("correction.taken_back"))
