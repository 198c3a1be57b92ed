"""`make bench`: every measurement, storage first, then pages."""

from __future__ import annotations

import subprocess
import sys


def main() -> int:
    """Run each measurement in a process of its own, so that none warms another's caches."""
    large = "--ten-million" in sys.argv[1:]
    runs = [("benchmarks.storage", *sys.argv[1:]), ("benchmarks.demo",)]
    runs += [("benchmarks.pages", "--posts", n) for n in ("100000", "1000000")]
    runs += [("benchmarks.pages", "--posts", "10000000")] if large else []
    codes = [subprocess.run([sys.executable, "-m", *run]).returncode for run in runs]
    return max(codes)


if __name__ == "__main__":
    sys.exit(main())
