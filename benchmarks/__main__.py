"""`make bench`: every measurement, storage first, then pages on the same databases.

100,000 and 1,000,000 posts; `--ten-million` adds 10,000,000, `--postgresql` storage on a PostgreSQL
server of its own. The end says which targets were met and which were not.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.lines import INTO, machine, summary

SIZES = ("100000", "1000000")


def runs(folder: Path, options: list[str]) -> list[tuple[str, ...]]:
    """The modules to run, with their arguments."""
    own = [option for option in options if option not in ("--ten-million", "--postgresql")]
    large = ["10000000"] if "--ten-million" in options else []
    storage = ("benchmarks.storage", "--keep", str(folder), "--posts", *SIZES, *large, *own)
    result: list[tuple[str, ...]] = [storage, ("benchmarks.demo",), ("benchmarks.classifier",)]
    if "--postgresql" in options:
        result.append(("benchmarks.storage", "--postgresql", "--posts", *SIZES, *own))
    sizes = (*SIZES, *large)
    pages = [("benchmarks.pages", "--keep", str(folder), "--posts", size) for size in sizes]
    return [*result, *pages]


def main() -> int:
    """Run each measurement in a process of its own, so that none warms another's caches."""
    started = time.monotonic()
    print(machine(), flush=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lines = folder / "lines.jsonl"
        lines.touch()
        codes = [
            subprocess.run([sys.executable, "-m", *run], env={**os.environ, INTO: str(lines)})
            for run in runs(folder, sys.argv[1:])
        ]
        print(f"\n{summary(lines)}\n{(time.monotonic() - started) / 60:.0f} minutes", flush=True)
    return max(done.returncode for done in codes)


if __name__ == "__main__":
    sys.exit(main())
