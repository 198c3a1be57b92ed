"""Settings, read once from the environment and from `.streamlit/secrets.toml`."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

SECRETS_FILE = Path(".streamlit/secrets.toml")
# With 0 of these nothing would ever be collected, or without a pause.
MUST_BE_POSITIVE = (
    "collector_interval_seconds",
    "collector_lease_seconds",
    "collector_max_pages",
    "collector_max_body_mb",
    "collector_classify_batch",
    "collector_request_deadline",
    "collector_platform_budget",
    "collector_run_budget",
)


class SettingsError(Exception):
    """A setting cannot be used; the message names it and says what would be accepted."""


def _secret(default: str = ""):
    return field(default=default, repr=False)


@dataclass(frozen=True)
class Settings:
    """Every setting by its public name in lower case (docs/configuration.md lists them).

    Empty text means "not configured". Times are in seconds unless the name says otherwise.
    Secrets are left out of `repr`.
    """

    database_url: str = _secret("sqlite:///var/kedah.db")
    demo_database_url: str = _secret("sqlite:///var/demo.db")
    x_bearer_token: str = _secret()
    instagram_access_token: str = _secret()
    instagram_user_id: str = ""
    instagram_hashtags: tuple[str, ...] = ()
    facebook_access_token: str = _secret()
    facebook_page_ids: tuple[str, ...] = ()
    youtube_api_key: str = _secret()
    youtube_audited: bool = False
    tiktok_client_key: str = _secret()
    tiktok_client_secret: str = _secret()
    gemini_api_key: str = _secret()
    gemini_model: str = "gemini-3.5-flash-lite"
    gemini_price_input: float | None = None
    gemini_price_output: float | None = None
    x_price_per_post: float = 0.005
    x_api_base_url: str = "https://api.x.com"
    instagram_api_base_url: str = "https://graph.facebook.com"
    facebook_api_base_url: str = "https://graph.facebook.com"
    youtube_api_base_url: str = "https://www.googleapis.com"
    tiktok_api_base_url: str = "https://open.tiktokapis.com"
    gemini_api_base_url: str = "https://generativelanguage.googleapis.com"
    author_hash_secret: str = _secret()
    smtp_host: str = ""
    smtp_port: int = 587
    email_host_user: str = ""
    email_host_password: str = _secret()
    alert_recipients: tuple[str, ...] = ()
    dashboard_url: str = ""
    display_timezone: str = "Asia/Kuala_Lumpur"
    collector_interval_seconds: float = 7200
    collector_platforms: tuple[str, ...] = ()
    collector_connect_timeout: float = 5
    collector_read_timeout: float = 30
    collector_request_deadline: float = 60
    collector_retry_attempts: int = 3
    collector_retry_base: float = 1
    collector_retry_max_wait: float = 60
    collector_platform_budget: float = 600
    collector_run_budget: float = 1800
    collector_max_body_mb: float = 8
    collector_money_budget: float | None = None
    collector_max_pages: int = 20
    collector_lease_seconds: float = 120
    collector_overlap_minutes: float = 180
    collector_classify_batch: int = 25
    collector_classify_max_attempts: int = 4
    collector_db_busy_seconds: float = 15
    collector_log_level: str = "INFO"

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.display_timezone)

    @property
    def secrets(self) -> tuple[str, ...]:
        """The values that must never be written anywhere, longest first."""
        hidden = (f for f in fields(self) if not f.repr and not f.name.endswith("_url"))
        values = {getattr(self, f.name) for f in hidden} - {""}
        return tuple(sorted(values, key=len, reverse=True))


def read_settings(
    environment: Mapping[str, str] | None = None, secrets_file: Path | None = SECRETS_FILE
) -> Settings:
    """The settings of this process: environment first, then the secrets file, then defaults.

    Only top-level values of the file count, as Streamlit itself hands only those on. An empty
    value means the default. Raises SettingsError for a value that cannot be used.
    """
    given = {**_file_values(secrets_file), **(os.environ if environment is None else environment)}
    values = {}
    for f in fields(Settings):
        raw = given.get(f.name.upper(), "").strip()
        if raw:
            values[f.name] = _convert(f.name.upper(), raw, f.type.removesuffix(" | None"))
    settings = Settings(**values)
    _check(settings)
    return settings


def _file_values(path: Path | None) -> dict[str, str]:
    if path is None or not path.is_file():
        return {}
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is not valid TOML") from error
    return {k: _as_text(v) for k, v in table.items() if not isinstance(v, dict)}


def _as_text(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _convert(name: str, raw: str, kind: str):
    if kind.startswith("tuple"):
        return tuple(part.strip() for part in raw.split(",") if part.strip())
    if kind == "bool":
        return _yes_or_no(name, raw)
    if kind not in ("int", "float"):
        return raw
    try:
        number = int(raw) if kind == "int" else float(raw)
    except ValueError as error:
        whole = "a whole number" if kind == "int" else "a number"
        raise SettingsError(f"{name} must be {whole}, not {raw!r}") from error
    if not 0 <= number < float("inf"):
        raise SettingsError(f"{name} must not be negative or endless, not {raw!r}")
    return number


def _yes_or_no(name: str, raw: str) -> bool:
    if raw.lower() not in ("0", "1", "false", "true"):
        raise SettingsError(f"{name} must be 0 or 1, not {raw!r}")
    return raw.lower() in ("1", "true")


def _check(settings: Settings) -> None:
    try:
        settings.zone  # noqa: B018
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise SettingsError(
            f"DISPLAY_TIMEZONE {settings.display_timezone!r} is not a known time zone"
        ) from error
    for f in fields(Settings):
        value = getattr(settings, f.name)
        if f.name.endswith("_api_base_url") and not value.startswith(("http://", "https://")):
            raise SettingsError(f"{f.name.upper()} must start with http:// or https://")
    for name in MUST_BE_POSITIVE:
        if getattr(settings, name) <= 0:
            raise SettingsError(f"{name.upper()} must be more than 0")
    known = {"x", "instagram", "facebook", "youtube", "tiktok"}
    unknown = set(settings.collector_platforms) - known
    if unknown:
        names = ", ".join(sorted(unknown))
        raise SettingsError(f"COLLECTOR_PLATFORMS names no platform of ours: {names}")
