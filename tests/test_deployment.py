"""The files an operator starts from name every setting, and their commands hold."""

from __future__ import annotations

import re
import tomllib
from dataclasses import fields, replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.exc import DBAPIError

from db import corrections, store, templates
from db.cube import Cube
from db.engine import migrate, open_reader, open_writer
from db.seed import seed_places
from db.seed.events import seed_events
from insights.corrections import Correction, Field
from insights.model import Platform
from settings import Settings, read_settings
from tests.fakes import KUALA_LUMPUR, NOW, a_post, matched

ROOT = Path(__file__).parents[1]
DOCS = "docs/configuration.md"
EXAMPLE = ".streamlit/secrets.toml.example"
ROLES = ("kedah_collector", "kedah_dashboard")
SETTINGS = {field.name.upper(): field for field in fields(Settings)}


def read(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def documented() -> dict[str, tuple[bool, str]]:
    """Per name of docs/configuration.md: whether it is marked secret, and the default it states."""
    row = re.compile(r"^\| `([A-Z_]+)`( \*\*secret\*\*)? \| (.*?) \|", re.MULTILINE)
    return {name: (bool(mark), default) for name, mark, default in row.findall(read(DOCS))}


def test_the_documentation_names_every_setting_and_no_other():
    assert set(documented()) == set(SETTINGS)


def test_the_example_names_every_setting_once_and_no_other():
    names = re.findall(r"^(?:# )?([A-Z_]+) = ", read(EXAMPLE), re.MULTILINE)

    assert sorted(names) == sorted(SETTINGS)


@pytest.mark.parametrize("name", SETTINGS)
def test_the_documented_default_is_the_real_one(name):
    _, stated = documented()[name]
    default = SETTINGS[name].default

    assert "`" not in stated if default in ("", (), None) else stated == f"`{default}`"


@pytest.mark.parametrize("name", SETTINGS)
def test_what_the_documentation_calls_secret_is_hidden(name):
    marked, _ = documented()[name]

    assert marked == (not SETTINGS[name].repr)


@pytest.mark.parametrize("every_line", [False, True], ids=["as it is", "all lines active"])
def test_the_example_is_valid_and_holds_the_defaults(tmp_path, every_line):
    example = read(EXAMPLE)
    if every_line:
        example = re.sub(r"^# ([A-Z_]+ = )", r"\1", example, flags=re.MULTILINE)
    tomllib.loads(example)
    copy = tmp_path / "secrets.toml"
    copy.write_text(example, encoding="utf-8")

    assert read_settings({}, copy) == Settings()


def test_the_example_holds_no_secret():
    given = tomllib.loads(read(EXAMPLE))
    keys = [name for name, field in SETTINGS.items() if not field.repr and "DATABASE" not in name]

    assert {given[name] for name in keys} == {""}


def test_the_real_secrets_file_is_kept_out_of_git():
    assert ".streamlit/secrets.toml" in read(".gitignore").splitlines()


# ---- the scheduled workflow ----------------------------------------------------------------------


def handed_on() -> dict[str, str]:
    """What collect.yml puts into the collector's environment: name and where it comes from."""
    line = re.compile(r"^ +([A-Z_]+): \$\{\{ (\w+)\.(\w+) \}\}$", re.MULTILINE)
    found = line.findall(read(".github/workflows/collect.yml"))
    assert all(name == source for name, _, source in found)
    return {name: kind for name, kind, _ in found}


def test_the_workflow_hands_on_settings_that_exist_and_secrets_as_secrets():
    for name, kind in handed_on().items():
        assert kind == ("vars" if SETTINGS[name].repr else "secrets"), name


def test_the_workflow_hands_on_every_key_of_a_platform_it_can_collect():
    needed = {"DATABASE_URL", "X_BEARER_TOKEN", "INSTAGRAM_ACCESS_TOKEN", "INSTAGRAM_USER_ID"}
    needed |= {"FACEBOOK_ACCESS_TOKEN", "FACEBOOK_PAGE_IDS", "GEMINI_API_KEY"}

    assert needed <= set(handed_on())


def test_the_workflow_runs_one_round_every_two_hours_one_at_a_time():
    workflow = read(".github/workflows/collect.yml")

    assert re.search(r'cron: "\d+ \*/2 \* \* \*"', workflow)
    assert "python -m collector --once" in workflow
    assert "cancel-in-progress: false" in workflow


@pytest.mark.parametrize("name", ["ci", "collect"])
def test_actions_are_pinned_to_a_major_and_may_only_read(name):
    workflow = read(f".github/workflows/{name}.yml")
    used = re.findall(r"uses: (\S+)", workflow)

    assert used
    assert all(re.fullmatch(r"actions/[\w-]+@v\d+", action) for action in used)
    assert "permissions:\n  contents: read\n" in workflow


def test_ci_runs_what_maintainers_run():
    assert "run: .ci/run" in read(".github/workflows/ci.yml")


def test_the_procfile_starts_both_processes():
    lines = dict(line.split(": ", 1) for line in read("Procfile").splitlines())

    assert lines["web"].startswith("python -m streamlit run serve.py --server.port=$PORT ")
    assert lines["worker"] == "python -m collector"


# ---- the rights of docs/deployment.md ------------------------------------------------------------


@pytest.fixture
def with_roles(postgres):
    """The address of a database with the documented roles, one for each of them."""
    owner = postgres.empty_database()
    engine = open_writer(owner)
    with engine.begin() as connection:
        connection.exec_driver_sql(documented_sql()[0])
    yield {role: owner.replace("postgres@", f"{role}@") for role in ROLES}
    with engine.begin() as connection:
        for role in ROLES:  # together they stumble over what one gave the other
            connection.exec_driver_sql(f"DROP OWNED BY {role} CASCADE")
            connection.exec_driver_sql(f"DROP ROLE {role}")
    engine.dispose()


def documented_sql() -> list[str]:
    return re.findall(r"```sql\n(.*?)```", read("docs/deployment.md"), re.DOTALL)


def write(engine, statement: str) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql(statement)


@pytest.mark.postgresql
def test_the_collector_can_migrate_and_the_dashboard_can_only_read(with_roles):
    collector = open_writer(with_roles["kedah_collector"])
    migrate(collector)
    with collector.begin() as connection:
        store.set_up(connection, "Asia/Kuala_Lumpur", seed_places(), NOW)

    dashboard = open_reader(with_roles["kedah_dashboard"])
    assert len(Cube.load(dashboard).places) == len(seed_places())

    writer = open_writer(with_roles["kedah_dashboard"])
    with pytest.raises(DBAPIError, match="permission denied"):
        write(writer, "DELETE FROM places")
    with pytest.raises(DBAPIError, match="permission denied"):
        write(writer, "CREATE TABLE mine (a int)")
    writer.dispose()
    dashboard.dispose()
    collector.dispose()


@pytest.mark.postgresql
def test_the_dashboard_writes_what_officers_say_and_nothing_else(with_roles):
    collector = open_writer(with_roles["kedah_collector"])
    migrate(collector)
    post = a_post()
    with collector.begin() as connection:
        store.set_up(connection, "Asia/Kuala_Lumpur", seed_places(), NOW)
        store.save_page(connection, [matched(post, 1)], now=NOW, zone=KUALA_LUMPUR)
        connection.exec_driver_sql(documented_sql()[1])

    dashboard = open_writer(with_roles["kedah_dashboard"])
    wrong = Correction(Platform.X, post.post_id, Field.RELEVANT, "no")
    with dashboard.begin() as connection:
        batch = corrections.save_corrections(connection, [wrong], officer="Aminah", now=NOW)
    with dashboard.begin() as connection:
        assert corrections.undo_corrections(connection, batch, officer="Aminah", now=NOW) == 1
        saved = templates.save_template(
            connection, seed_events()[0], expected=None, now=NOW, by="Aminah"
        )
    with dashboard.begin() as connection:
        renamed = replace(saved.template, name_en="Another name")
        templates.save_template(
            connection, renamed, expected=saved.updated_at, now=NOW + timedelta(1), by="Badrul"
        )
    for statement in (
        "UPDATE corrections SET officer = 'somebody else'",
        "DELETE FROM corrections",
        "UPDATE social_posts SET likes = 1000",
        "UPDATE data_version SET version = version + 1",
    ):
        with pytest.raises(DBAPIError, match="permission denied"):
            write(dashboard, statement)
    dashboard.dispose()
    collector.dispose()
