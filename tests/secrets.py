"""Looks for keys and passwords in the work tree and in every version git has (`make audit`).

What it cannot see: a secret without a telling shape (a password of common words, TikTok's and
SMTP's among them, unless a line assigns it to a name of ours), one that was split, encoded or
packed, one in a commit that no branch or tag reaches any more, and pictures. It prints where a
secret stands and of which kind, never the secret.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
LARGEST = 5_000_000  # bytes; a larger file is data
# Each needs its own alphabet and length, so that words and hashes in a lock file are none.
SHAPES = {
    "X bearer token": r"AAAAAAAAAAAAAAAAAAAA[A-Za-z0-9%]{40,}",
    "Google API key": r"AIza[0-9A-Za-z_-]{35}",
    "Google OAuth token": r"\bya29\.[0-9A-Za-z_-]{30,}",
    "Meta access token": r"\bEAA[0-9A-Za-z]{60,}",
    "Instagram access token": r"\bIGQV[0-9A-Za-z_-]{60,}",
    "GitHub token": r"\bgh[pousr]_[0-9A-Za-z]{36}",
    "AWS key": r"\bAKIA[0-9A-Z]{16}\b",
    "Slack token": r"\bxox[baprs]-[0-9A-Za-z-]{20,}",
    "private key": r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----",
    "password in an address": r"\b[a-z][a-z0-9+]{2,}://[^\s:/@'\"{}<>$]+:([^\s/@'\"{}<>$]{6,})@[\w.-]+",
    "value of a secret setting": (
        r"\b(?:X_BEARER_TOKEN|(?:INSTAGRAM|FACEBOOK)_ACCESS_TOKEN|(?:YOUTUBE|GEMINI)_API_KEY"
        r"|TIKTOK_CLIENT_(?:KEY|SECRET)|AUTHOR_HASH_SECRET|EMAIL_HOST_PASSWORD)"
        r"[\"']?\s*[:=]\s*[\"']?([A-Za-z0-9_\-%./+|]{16,})"
    ),
}
PATTERNS = {kind: re.compile(shape) for kind, shape in SHAPES.items()}
# Values that tests and documents show say themselves that they are none.
HARMLESS = re.compile(
    r"canary|example|test|token-of|key-of|secret-of|storm|kedah|password|change|your|redacted", re.I
)
# No password is any use at these hosts.
NOWHERE = re.compile(r"@(?:127\.0\.0\.1|localhost|[a-z]|[\w.-]+\.(?:example|invalid))$")


@dataclass(frozen=True)
class Found:
    """A secret and where it stands."""

    where: str
    line: int
    kind: str

    def __str__(self) -> str:
        return f"{self.where}:{self.line}: {self.kind}"


def secrets_in(text: str, where: str = "") -> Iterator[Found]:
    """The likely secrets of a text."""
    for kind, pattern in PATTERNS.items():
        for match in pattern.finditer(text):
            value = match.group(match.lastindex or 0)
            if not HARMLESS.search(value) and not NOWHERE.search(match.group()):
                yield Found(where, text.count("\n", 0, match.start()) + 1, kind)


def secrets_in_tree(root: Path = ROOT) -> list[Found]:
    """Those of the files that git keeps or would keep: what it ignores stays on this machine."""
    listed = _git(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    found = []
    for name in filter(None, listed.decode().split("\0")):
        path = root / name
        if path.is_file() and path.stat().st_size <= LARGEST:
            found += secrets_in(path.read_text(encoding="utf-8", errors="replace"), name)
    return found


def secrets_in_history(root: Path = ROOT) -> list[Found]:
    """Those of every version of every file that a branch or a tag reaches, and of the messages."""
    messages = _git(root, "log", "--all", "--format=%B").decode(errors="replace")
    found = list(secrets_in(messages, "messages of commits"))
    names = {}
    for line in _git(root, "rev-list", "--objects", "--all").decode(errors="replace").splitlines():
        number, _, name = line.partition(" ")
        if name:
            names[number] = name
    for number, content in _contents(root, list(names)):
        found += secrets_in(content.decode(errors="replace"), f"{names[number]} ({number[:10]})")
    return found


def _contents(root: Path, numbers: list[str]) -> Iterator[tuple[str, bytes]]:
    """Number and content of those objects that are files of a readable size."""
    asked = "\n".join(numbers).encode()
    told = _git(root, "cat-file", "--batch-check", asked=asked).decode().splitlines()
    files = [line.split() for line in told]
    wanted = [f[0] for f in files if f[1] == "blob" and int(f[2]) <= LARGEST]
    answer = _git(root, "cat-file", "--batch", asked="\n".join(wanted).encode())
    at = 0
    for number in wanted:
        end = answer.index(b"\n", at)
        size = int(answer[at:end].split()[2])
        yield number, answer[end + 1 : end + 1 + size]
        at = end + 1 + size + 1


def _git(root: Path, *arguments: str, asked: bytes | None = None) -> bytes:
    done = subprocess.run(["git", *arguments], cwd=root, input=asked, capture_output=True)
    if done.returncode:
        raise RuntimeError(f"git {arguments[0]}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


def main() -> int:
    tree, history = secrets_in_tree(), secrets_in_history()
    for one in [*tree, *history]:
        print(f"likely secret: {one}")
    print(f"secrets: {len(tree)} in the work tree, {len(history)} in the history")
    return 1 if tree or history else 0


if __name__ == "__main__":
    sys.exit(main())
