"""How much memory this process has in use, without a library of its own for it."""

from __future__ import annotations

import os
import sys


def resident_mb() -> float:
    """Resident memory of this process in MB (1e6 bytes); 0 where the system does not tell."""
    return _resident_bytes() / 1e6


if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    class _Counters(ctypes.Structure):
        """PROCESS_MEMORY_COUNTERS of the Windows API."""

        _fields_ = (
            ("cb", wintypes.DWORD),
            ("page_faults", wintypes.DWORD),
            *((name, ctypes.c_size_t) for name in ("peak_resident", "resident")),
            *((f"quota_{number}", ctypes.c_size_t) for number in range(4)),
            *((name, ctypes.c_size_t) for name in ("page_file", "peak_page_file")),
        )

    def _resident_bytes() -> int:
        counters = _Counters()
        counters.cb = ctypes.sizeof(counters)
        system = ctypes.windll.kernel32
        system.GetCurrentProcess.restype = wintypes.HANDLE
        ask = system.K32GetProcessMemoryInfo
        ask.argtypes = (wintypes.HANDLE, ctypes.POINTER(_Counters), wintypes.DWORD)
        told = ask(system.GetCurrentProcess(), ctypes.byref(counters), counters.cb)
        return int(counters.resident) if told else 0

elif sys.platform == "linux":
    from pathlib import Path

    def _resident_bytes() -> int:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

else:
    import subprocess

    def _resident_bytes() -> int:
        words = ["ps", "-o", "rss=", "-p", str(os.getpid())]
        told = subprocess.run(words, capture_output=True, text=True, check=False).stdout.strip()
        return int(told) * 1024 if told.isdigit() else 0
