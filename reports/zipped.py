"""Office files made reproducible: the clock is taken out of what their libraries write."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import UTC, datetime

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the oldest that a zip file can tell
_TIMES = re.compile(rb"(<dcterms:(created|modified)[^>]*>)[^<]*(</dcterms:(?:created|modified)>)")
_PROPERTIES = "docProps/core.xml"


def steady(file: bytes, made_at: datetime) -> bytes:
    """The same Office file, made at this instant: equal contents give equal bytes.

    Members keep their order and lose their own times; workbooks inside (a chart's data) too.
    """
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(file)) as old, zipfile.ZipFile(written, "w") as new:
        for name in old.namelist():
            member = zipfile.ZipInfo(name, _EPOCH)
            member.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(member, _steady_member(name, old.read(name), made_at))
    return written.getvalue()


def _steady_member(name: str, content: bytes, made_at: datetime) -> bytes:
    if name.endswith(".xlsx"):
        return steady(content, made_at)
    if name != _PROPERTIES:
        return content
    instant = made_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    return _TIMES.sub(rb"\g<1>" + instant + rb"\g<3>", content)
