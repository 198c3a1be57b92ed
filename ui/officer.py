"""Who writes: the name that goes with a correction or an event template."""

from __future__ import annotations

from importlib.util import find_spec

import streamlit as st

LOCAL = "local"
_LONGEST = 120


def officer() -> str | None:
    """The name behind what is written now; None while a login is configured and nobody logged in.

    With an `[auth]` table in secrets.toml (OpenID Connect, `st.login`) only those who are logged in
    write, under the name or the address the provider tells. Without one the dashboard trusts
    whoever reaches it and writes LOCAL: protecting it is then the web server's task.
    """
    if not login_is_configured():
        return LOCAL
    if not st.user.get("is_logged_in"):
        return None
    return name_in(st.user.to_dict())


def login_is_configured() -> bool:
    """Whether readers can log in at all."""
    return st.secrets.load_if_toml_exists() and "auth" in st.secrets


def name_in(told: dict) -> str | None:
    """The name that a provider tells of a person: full name, else address, else its own code."""
    for key in ("name", "email", "sub"):
        written = " ".join(str(told.get(key) or "").split())
        if written:
            return written[:_LONGEST]
    return None


def can_log_in() -> bool:
    """Whether the package that a login needs is there; Streamlit does not bring it along."""
    return find_spec("authlib") is not None
