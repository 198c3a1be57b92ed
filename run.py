"""Dashboard and collector together on this machine; Ctrl-C stops both. `make run` calls this."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

HERE = Path(__file__).parent
PATIENCE = 120.0  # seconds until the dashboard must have answered
GRACE = 12.0  # seconds a process has to stop; the collector promises 10


def main() -> int:
    port = _free_port(int(os.environ.get("PORT", "8501")))
    dashboard = _start(
        "-m", "streamlit", "run", "serve.py", "--server.headless=true",
        f"--server.port={port}", "--server.address=localhost",
    )  # fmt: skip
    collector = _start("-m", "collector")
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):  # Windows has no SIGHUP
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), _interrupt)
    try:
        if _answers(port, dashboard):
            print(f"\n  Dashboard: http://localhost:{port}   (Ctrl-C stops)\n", flush=True)
        return _watch(dashboard, collector)
    except KeyboardInterrupt:
        print("\n  Stopping dashboard and collector ...", flush=True)
        return 0
    finally:
        _stop(dashboard, collector)


def _start(*arguments: str) -> subprocess.Popen:
    # A session of its own: Ctrl-C reaches only this process, which then stops both in order.
    return subprocess.Popen([sys.executable, *arguments], cwd=HERE, start_new_session=True)


def _interrupt(_number, _frame):
    raise KeyboardInterrupt


def _free_port(wanted: int) -> int:
    for port in range(wanted, wanted + 50):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port
    raise SystemExit(f"no free port between {wanted} and {wanted + 49}")


def _answers(port: int, dashboard: subprocess.Popen) -> bool:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and dashboard.poll() is None:
        try:
            with urllib.request.urlopen(f"http://localhost:{port}/_stcore/health", timeout=2):
                return True
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    return False


def _watch(dashboard: subprocess.Popen, collector: subprocess.Popen) -> int:
    """Wait for the dashboard; a collector that ends alone is said, and the pages stay up."""
    told = False
    while dashboard.poll() is None:
        if collector.poll() is not None and not told:
            told = True
            print(f"  The collector ended with code {collector.returncode}; see above. "
                  "The dashboard goes on with what is stored.", flush=True)  # fmt: skip
        time.sleep(0.5)
    print(f"  The dashboard ended with code {dashboard.returncode}.", flush=True)
    return dashboard.returncode or 1


def _stop(*processes: subprocess.Popen) -> None:
    for process in processes:
        if process.poll() is None:
            process.terminate()
    deadline = time.monotonic() + GRACE
    for process in processes:
        try:
            process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()


if __name__ == "__main__":
    raise SystemExit(main())
