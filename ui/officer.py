"""Who writes: the name that goes with a correction or an event template."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from urllib.parse import urlsplit

import streamlit as st

LOCAL = "local"
_LONGEST = 120
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
# What a web server in front of the dashboard adds to a request of somebody else.
_FORWARDED = ("X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Forwarded")


def officer() -> str | None:
    """The name behind what is written now; None for a reader who may not write.

    With an `[auth]` table in secrets.toml (OpenID Connect, `st.login`) only those who are logged in
    write, under the name or the address the provider tells. Without one only a browser on the same
    machine does, as LOCAL: whoever reaches an open dashboard over the network only reads.
    """
    if not login_is_configured():
        return LOCAL if _is_here() else None
    if not st.user.get("is_logged_in"):
        return None
    return name_in(st.user.to_dict())


def _is_here() -> bool:
    address = st.context.ip_address
    # Where no browser is connected at all (AppTest) Streamlit gives something that is no text.
    told = address if isinstance(address, str) else None
    return is_local(told, st.context.headers.to_dict())


def is_local(address: str | None, headers: Mapping[str, str]) -> bool:
    """Whether a request comes from a browser on this machine. `address` is None for that in
    Streamlit. A proxy's requests come from here too, and are known by what it adds to them or by
    the name that the browser asked for, which stands in Host or, whatever the proxy does, Origin.
    """
    given = {name.casefold(): value for name, value in headers.items()}
    if any(name.casefold() in given for name in _FORWARDED):
        return False
    asked = (given.get("host", "localhost"), given.get("origin", "localhost"))
    here = all(_host(written) in _LOOPBACK for written in asked)
    return here and (address is None or address in _LOOPBACK)


def _host(written: str) -> str | None:
    try:
        return urlsplit(written if "//" in written else f"//{written}").hostname
    except ValueError:
        return None


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
