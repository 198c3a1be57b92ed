"""The lines that every measurement prints: value, target, ratio, and whether it was met."""

from __future__ import annotations

import json
import os
import platform
import sqlite3
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

# Where a run inside `make bench` leaves its judged lines for the summary.
INTO = "BENCH_LINES"


@dataclass(frozen=True)
class Line:
    """One measurement, its target in the same unit (None: for orientation), and a remark.

    `judged` False for wall times beside other programs, which say more of the machine than of us.
    """

    what: str
    value: float
    unit: str
    target: float | None = None
    note: str = ""
    judged: bool = True

    @property
    def word(self) -> str:
        """ "met", "MISSED", "reported" (it has a target but is not judged), or nothing."""
        if self.target is None:
            return ""
        if not self.judged:
            return "reported"
        return "met" if self.value <= self.target else "MISSED"

    def __str__(self) -> str:
        target = "" if self.target is None else f"{self.target:,.2f}"
        ratio = f"{self.value / self.target:.2f}" if self.target else ""
        value = f"{self.value:,.2f} {self.unit}".strip()
        return f"{self.what:<50}{value:>14}{target:>11}{ratio:>8}  {self.word:<9}{self.note}"


def show(title: str, lines: Iterable[Line]) -> None:
    """Print lines under a title, each as soon as it is measured."""
    print(f"\n{title}\n{'measurement':<50}{'value':>14}{'target':>11}{'ratio':>8}", flush=True)
    for line in lines:
        print(line, flush=True)
        if INTO in os.environ:
            with Path(os.environ[INTO]).open("a", encoding="utf-8") as file:
                file.write(json.dumps({"title": title, **asdict(line)}) + "\n")


def summary(path: Path) -> str:
    """How many targets were met, and each that was not."""
    rows = [json.loads(row) for row in path.read_text(encoding="utf-8").splitlines()]
    titles = [row.pop("title") for row in rows]
    pairs = [(title, Line(**row)) for title, row in zip(titles, rows, strict=True)]
    judged = [(title, line) for title, line in pairs if line.word in ("met", "MISSED")]
    missed = [f"  {title}: {line}" for title, line in judged if line.word == "MISSED"]
    counted = f"{len(judged) - len(missed)} of {len(judged)} targets met"
    return "\n".join([counted, *(["missed:", *missed] if missed else [])])


def machine() -> str:
    """What was measured on, and how busy it was with other work."""
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    memory = psutil.virtual_memory().total / 2**30
    return (
        f"{_processor()}, {os.cpu_count()} cores, {memory:.0f} GB;"
        f" {platform.system()} {platform.release()}; Python {platform.python_version()},"
        f" SQLite {sqlite3.sqlite_version}; load before the run {load}"
    )


def _processor() -> str:
    try:
        told = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        told = ""
    names = [line.partition(":")[2].strip() for line in told.splitlines() if "model name" in line]
    return names[0] if names else platform.processor() or platform.machine()
