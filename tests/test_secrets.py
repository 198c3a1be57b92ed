"""No key and no password stands in the repository, and the search for them sees."""

from __future__ import annotations

import subprocess

import pytest

from tests.secrets import ROOT, secrets_in, secrets_in_history, secrets_in_tree

# Put together here, or this file would be found itself.
SECRETS = {
    "X bearer token": "A" * 22 + "b7" * 30,
    "Google API key": "AI" + "za" + "Qw3" * 11 + "xy",
    "Meta access token": "EA" + "A" + "Bc4" * 30,
    "private key": "-----BEGIN " + "RSA PRIVATE KEY-----",
    "password in an address": "postgresql://someone:" + "hunter22" + "@db.internal/live",
    "value of a secret setting": "GEMINI_API_" + "KEY = 'q8Zk2LmN4pRs6TuV8w'",
}


@pytest.mark.parametrize("kind", SECRETS)
def test_a_secret_is_seen_and_not_repeated(kind):
    found = list(secrets_in(f"first line\nlet {SECRETS[kind]} be", "a.txt"))

    assert kind in {one.kind for one in found}
    assert {one.line for one in found} == {2}
    assert SECRETS[kind] not in str(found)


@pytest.mark.parametrize(
    "text",
    [
        "X_BEARER_TOKEN=",
        "DATABASE_URL=postgresql://user:password@localhost/kedah",
        "sha256:" + "0a" * 32,
        "GEMINI_API_KEY = the key of Google AI Studio",
    ],
)
def test_what_only_speaks_of_secrets_is_none(text):
    assert list(secrets_in(text)) == []


@pytest.fixture
def repository(tmp_path):
    """A repository whose first commit held a secret that the second one took out."""

    def git(*arguments: str) -> None:
        name = ["-c", "user.name=t", "-c", "user.email=t@t.invalid"]
        subprocess.run(["git", *name, *arguments], cwd=tmp_path, check=True, capture_output=True)

    git("init", "-q")
    for text in (SECRETS["Google API key"], "nothing"):
        (tmp_path / "a.txt").write_text(text, encoding="utf-8")
        git("add", "-A")
        git("commit", "-q", "-m", "change")
    return tmp_path


def test_a_secret_that_was_taken_out_is_still_in_the_history(repository):
    assert secrets_in_tree(repository) == []
    assert [one.kind for one in secrets_in_history(repository)] == ["Google API key"]


def test_the_work_tree_holds_no_secret():
    if not (ROOT / ".git").exists():
        pytest.skip("not a git repository: there is no list of the files that count")

    assert secrets_in_tree() == []
