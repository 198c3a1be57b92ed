"""What a dashboard's process gives back to the system."""

import platform
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# What a cube's building does: a large block is freed, then many middling ones, below something
# that stays.
KEPT_MEGABYTES = """
import psutil
from ui import data

if {wanted}:
    data.keep_little()
own = psutil.Process()
first = bytearray(30_000_000)
del first
before = own.memory_info().rss
blocks = [bytearray(1_000_000) for _ in range(100)]
for block in blocks:
    block[::4096] = bytes(len(block[::4096]))
stays = [bytearray(50_000) for _ in range(40)]
del blocks, block
print((own.memory_info().rss - before) // 1_000_000)
"""


def kept_megabytes(wanted: bool) -> int:
    """Of 100 MB that were used and freed again, in a process of its own."""
    script = KEPT_MEGABYTES.format(wanted=wanted)
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return int(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc keeps what is freed")
def test_large_blocks_go_back_to_the_system_when_they_are_free():
    assert kept_megabytes(wanted=False) > 50
    assert kept_megabytes(wanted=True) < 20
