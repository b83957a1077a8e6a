"""Cycles are collected on the GUI thread only."""

from __future__ import annotations

import gc
import threading
import weakref

from pytestqt.qtbot import QtBot

from sonoassist.gui.garbage import GuiGarbage


class Knot:
    """Refers to itself; notes the thread it goes on."""

    gone_on: list[threading.Thread]

    def __init__(self, gone_on: list[threading.Thread]) -> None:
        self.gone_on = gone_on
        self.me = self

    def __del__(self) -> None:
        self.gone_on.append(threading.current_thread())


def fill(knots: int, gone_on: list[threading.Thread]) -> None:
    for _ in range(knots):
        Knot(gone_on)


def test_a_worker_never_collects_and_the_gui_thread_does(qtbot: QtBot) -> None:
    gone_on: list[threading.Thread] = []
    garbage = GuiGarbage()
    try:
        worker = threading.Thread(target=fill, args=(5 * gc.get_threshold()[0], gone_on))
        worker.start()
        worker.join()
        assert gone_on == []
        held: list[list[list[int]]] = []

        def gone() -> bool:
            # The window's own work makes new objects; what other tests left may free as many.
            held.append([[] for _ in range(gc.get_threshold()[0])])
            return bool(gone_on)

        qtbot.waitUntil(gone)
        assert set(gone_on) == {threading.main_thread()}
    finally:
        garbage.end()


def test_what_is_left_goes_at_the_end_and_the_collector_is_given_back(qtbot: QtBot) -> None:
    gc.enable()
    garbage = GuiGarbage()
    knot = Knot([])
    known = weakref.ref(knot)
    del knot
    garbage.end()
    garbage.end()
    assert known() is None
    assert gc.isenabled()
