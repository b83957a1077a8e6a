"""How many pools of memory threads make."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

from sonoassist.core.allocator import ARENAS

COUNTED = """
import ctypes, sys, tempfile, threading
import numpy as np
if sys.argv[1] == "few":
    from sonoassist.core.allocator import keep_arenas_few
    assert keep_arenas_few()
ready = threading.Barrier(9)
def work():
    kept = [np.ones(2000) for _ in range(50)]
    ready.wait()
    ready.wait()
    del kept
threads = [threading.Thread(target=work) for _ in range(8)]
for thread in threads: thread.start()
ready.wait()
libc = ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p
with tempfile.NamedTemporaryFile() as file:
    stream = ctypes.c_void_p(libc.fopen(file.name.encode(), b"w"))
    libc.malloc_info(0, stream)
    libc.fclose(stream)
    print(file.read().decode().count("<heap nr="))
ready.wait()
"""


def arenas(how: str) -> int:
    words = [sys.executable, "-c", COUNTED, how]
    return int(subprocess.run(words, capture_output=True, text=True, check=True).stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="not the GNU C library")
def test_threads_share_few_pools() -> None:
    assert arenas("few") <= ARENAS
    assert arenas("usual") > ARENAS
