"""The name under which a process holds the lease, and whether a process of that name is gone."""

from __future__ import annotations

import os
import socket
import uuid
from pathlib import Path

PROC = Path("/proc")


def own_name(proc: Path = PROC) -> str:
    """`host:pid:born:system:random`, born and system empty where this system does not tell them."""
    pid = os.getpid()
    state = _state(proc, pid)
    born = state[1] if state else ""
    return f"{socket.gethostname()}:{pid}:{born}:{_system(proc)}:{uuid.uuid4().hex[:8]}"


def is_gone(name: str, proc: Path = PROC) -> bool:
    """Whether the process of that name has certainly ended.

    Only Linux can tell, and only of a process of this host, this boot and this namespace of
    processes: a number alone says nothing about another container. Everything else may live.
    """
    parts = name.split(":")
    if len(parts) != 5 or not parts[1].isdigit() or not parts[2]:
        return False
    host, pid, born, system, _ = parts
    if host != socket.gethostname() or not system or system != _system(proc):
        return False
    state = _state(proc, int(pid))
    # Killed, but not yet noticed by its parent: Z. Another start: another process has its number.
    return state is None or state[0] in "ZX" or state[1] != born


def _system(proc: Path) -> str:
    """This boot and this namespace of processes, "" where they are not told."""
    try:
        boot = (proc / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        space = (proc / "self/ns/pid").readlink().name
    except OSError:
        return ""
    return f"{boot}-{''.join(c for c in space if c.isdigit())}"


def _state(proc: Path, pid: int) -> tuple[str, str] | None:
    """A process's state letter and the tick of its start; None when there is no such process."""
    try:
        told = (proc / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The name stands in brackets and may hold blanks and brackets itself.
    after_name = told.rpartition(")")[2].split()
    return after_name[0], after_name[19]
