"""An engine of OpenVINO must leave no trap behind for the signals of the thread that made it."""

from __future__ import annotations

import ctypes
import signal
import subprocess
import sys
import textwrap

import pytest

from sonoassist.engines.openvino_api import loaded_core
from waiting import LIMIT_S

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="sigaltstack is asked as on Linux")


class AltStack(ctypes.Structure):
    _fields_ = (("sp", ctypes.c_void_p), ("flags", ctypes.c_int), ("size", ctypes.c_size_t))


def alternate_stack() -> tuple[int | None, int]:
    found = AltStack()
    assert ctypes.CDLL(None).sigaltstack(None, ctypes.byref(found)) == 0
    return found.sp, found.size


def test_the_stack_for_signals_stays_as_it_was() -> None:
    before = alternate_stack()
    core = loaded_core()
    assert alternate_stack() == before
    del core
    assert alternate_stack() == before


def test_a_signal_is_handled_behind_an_engine_that_another_thread_let_go() -> None:
    script = """
        import signal, threading
        import numpy as np
        from sonoassist.engines.openvino_api import compiled_for_latency, ops, ov
        seen = []
        signal.signal(signal.SIGUSR1, lambda number, frame: seen.append(number))
        x = ops.parameter([1, 4], np.float32)
        held = [compiled_for_latency(ov.Model([ops.relu(x)], [x]), "f32")]
        thread = threading.Thread(target=held.clear)
        thread.start()
        thread.join()
        signal.raise_signal(signal.SIGUSR1)
        print(seen)
    """
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", textwrap.dedent(script)],
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert (done.returncode, done.stdout.strip()) == (0, f"[{int(signal.SIGUSR1)}]"), done.stderr


def test_what_openvino_refuses_reaches_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise RuntimeError("no plugin")

    monkeypatch.setattr("sonoassist.engines.openvino_api.ov.Core", refuse)
    with pytest.raises(RuntimeError, match="no plugin"):
        loaded_core()
