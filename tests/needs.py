"""Installs the system packages that tests drive: Chromium and a PostgreSQL server (Debian).

Elsewhere, or without the right to install, it says what is missing; the tests that need it then
skip and say so.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path


def missing() -> list[str]:
    """The Debian packages whose programs are not on this machine."""
    packages = []
    if not shutil.which("chromium"):
        packages.append("chromium")
    if not list(Path("/usr/lib/postgresql").glob("*/bin/initdb")):
        packages.append("postgresql")
    return packages


def main() -> int:
    packages = missing()
    if not packages:
        return 0
    if not shutil.which("apt-get") or os.geteuid() != 0:
        print(f"not installed: {', '.join(packages)}; tests that need them are skipped")
        return 0
    print(f"installing {', '.join(packages)} ...", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    quiet = {"env": environment, "stdout": subprocess.DEVNULL}
    subprocess.run(["apt-get", "update", "-qq"], check=True, **quiet)
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends"]
    subprocess.run([*install, "fonts-noto-cjk", *packages], check=True, **quiet)
    return 0


if __name__ == "__main__":
    sys.exit(main())
