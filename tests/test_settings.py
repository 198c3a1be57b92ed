"""Settings: read once, by their public names, and refused in words where they cannot be used."""

from __future__ import annotations

import pytest

from settings import Settings, SettingsError, read_settings


def read(**given: str) -> Settings:
    return read_settings(given, secrets_file=None)


def test_nothing_given_means_the_defaults():
    settings = read()

    assert settings.database_url == "sqlite:///var/kedah.db"
    assert settings.demo_database_url == "sqlite:///var/demo.db"
    assert settings.collector_interval_seconds == 7200
    assert settings.x_bearer_token == ""


def test_an_empty_value_means_the_default():
    assert read(COLLECTOR_MAX_PAGES="  ").collector_max_pages == 20


def test_a_list_is_split_at_commas_and_trimmed():
    assert read(FACEBOOK_PAGE_IDS="1, 2,,3 ").facebook_page_ids == ("1", "2", "3")


def test_the_environment_wins_over_the_secrets_file(tmp_path):
    file = tmp_path / "secrets.toml"
    file.write_text('X_BEARER_TOKEN = "from file"\nGEMINI_MODEL = "file"\n[table]\nA = "b"\n')

    settings = read_settings({"X_BEARER_TOKEN": "from environment"}, file)

    assert settings.x_bearer_token == "from environment"
    assert settings.gemini_model == "file"


def test_a_list_may_be_a_list_in_the_secrets_file(tmp_path):
    file = tmp_path / "secrets.toml"
    file.write_text('FACEBOOK_PAGE_IDS = ["1", "2"]\n')

    assert read_settings({}, file).facebook_page_ids == ("1", "2")


def test_a_broken_secrets_file_is_named(tmp_path):
    file = tmp_path / "secrets.toml"
    file.write_text("X_BEARER_TOKEN = unquoted")

    with pytest.raises(SettingsError, match=r"secrets\.toml"):
        read_settings({}, file)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("COLLECTOR_MAX_PAGES", "many"),
        ("COLLECTOR_READ_TIMEOUT", "-1"),
        ("COLLECTOR_READ_TIMEOUT", "inf"),
        ("COLLECTOR_READ_TIMEOUT", "nan"),
        ("COLLECTOR_INTERVAL_SECONDS", "0"),
        ("COLLECTOR_LEASE_SECONDS", "0"),
        ("COLLECTOR_CLASSIFY_BATCH", "0"),
        ("COLLECTOR_MAX_PAGES", "0"),
        ("DISPLAY_TIMEZONE", "Asia/Atlantis"),
        ("X_API_BASE_URL", "api.x.com"),
        ("COLLECTOR_PLATFORMS", "x,myspace"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_by_name(name, value):
    with pytest.raises(SettingsError, match=name):
        read(**{name: value})


def test_no_secret_stands_in_the_repr():
    given = {"X_BEARER_TOKEN": "canary-1", "DATABASE_URL": "postgresql://a:canary-2@h/d"}

    assert "canary" not in repr(read(**given))


def test_secrets_are_listed_longest_first_and_without_addresses():
    settings = read(
        X_BEARER_TOKEN="short", GEMINI_API_KEY="the longest", AUTHOR_HASH_SECRET="middle"
    )

    assert settings.secrets == ("the longest", "middle", "short")


def test_seconds_may_have_fractions_and_counts_may_not():
    given = read_settings({"COLLECTOR_RETRY_BASE": "0.25"}, secrets_file=None)

    assert given.collector_retry_base == 0.25
    with pytest.raises(SettingsError, match="COLLECTOR_MAX_PAGES must be a whole number"):
        read_settings({"COLLECTOR_MAX_PAGES": "2.5"}, secrets_file=None)


@pytest.mark.parametrize(("given", "audited"), [("1", True), ("True", True), ("0", False)])
def test_an_audited_youtube_project_is_declared_with_1(given, audited):
    assert read_settings({"YOUTUBE_AUDITED": given}, None).youtube_audited is audited


def test_what_is_neither_yes_nor_no_is_refused():
    with pytest.raises(SettingsError, match="YOUTUBE_AUDITED must be 0 or 1, not 'maybe'"):
        read_settings({"YOUTUBE_AUDITED": "maybe"}, None)
