"""The incidents of collection on the Data health page: the same that are mailed."""

from __future__ import annotations

import streamlit as st

from insights.breaker import Breaker
from insights.incidents import Trouble
from insights.model import RunStatus
from ui import data, text
from ui.text import t


def shown(now: data.Collection) -> None:
    """One line an open incident, and the silence that nobody may have been there to note."""
    for one in now.incidents:
        if one.kind != Trouble.SILENT:
            st.error(
                t(
                    f"incident.{one.kind}",
                    platform=text.platform(one.platform),
                    since=text.moment(one.since, data.zone()),
                    what=text.name_of("error", one.error_kind or "unknown"),
                ),
                icon=":material/notification_important:",
            )
    if now.silence is not None:
        since = text.moment(now.silence.since, data.zone())
        st.error(t("incident.silent", since=since), icon=":material/notification_important:")


def how_asked(breaker: Breaker, status: str) -> str | None:
    """Whether a platform that failed too often rests or is only probed; None if neither."""
    if breaker.rests_until is not None and status == RunStatus.SKIPPED:
        until = text.moment(breaker.rests_until, data.zone())
        return t("incident.rests", n=breaker.failed, until=until)
    if breaker.probes:
        return t("incident.probes", n=breaker.failed)
    return None
