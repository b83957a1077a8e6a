"""One HTTP transfer that follows the user's proxy settings and can be cancelled while it waits."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from sonoassist import __version__

_WATCH_EVERY_S = 0.1


class _Line:
    """The socket in use; closing it from another thread wakes the one that waits on it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._cut = False

    def use(self, connected: socket.socket) -> None:
        with self._lock:
            self._socket = connected
            cut = self._cut
        if cut:
            self.cut()

    def cut(self) -> None:
        with self._lock:
            self._cut = True
            connected = self._socket
        if connected is not None:
            with suppress(OSError):
                # The plain method: a TLS socket's own one would first say goodbye to a server
                # that may not answer.
                socket.socket.shutdown(connected, socket.SHUT_RDWR)


class _Http(urllib.request.HTTPHandler):
    def __init__(self, line: _Line) -> None:
        super().__init__()
        self._line = line

    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        line = self._line

        class Connection(http.client.HTTPConnection):
            def connect(self) -> None:
                super().connect()
                line.use(self.sock)

        return self.do_open(Connection, req)


class _Https(urllib.request.HTTPSHandler):
    def __init__(self, line: _Line) -> None:
        self._trusted = ssl.create_default_context()
        super().__init__(context=self._trusted)
        self._line = line

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        line = self._line

        class Connection(http.client.HTTPSConnection):
            def connect(self) -> None:
                super().connect()
                line.use(self.sock)

        return self.do_open(Connection, req, context=self._trusted)


@contextmanager
def open_url(
    url: str, first_byte: int, timeout_s: float, cancelled: Callable[[], bool]
) -> Iterator[Any]:
    """Ask for a file from `first_byte` on; gives the response.

    Args:
        url: http or https.
        first_byte: 0 for the whole file.
        timeout_s: Longest wait for any answer of the server.
        cancelled: Asked ten times a second; True cuts the connection, which ends a wait with an
            OSError or an early end of the data.

    Raises:
        OSError: Among others urllib's HTTPError and URLError, and timeouts.
        http.client.HTTPException: The server does not speak HTTP.
    """
    line = _Line()
    opener = urllib.request.build_opener(_Http(line), _Https(line))
    # Bytes are compared with a hash of the file, so the server must not compress them.
    headers = {"User-Agent": f"SonoAssist/{__version__}", "Accept-Encoding": "identity"}
    if first_byte:
        headers["Range"] = f"bytes={first_byte}-"
    request = urllib.request.Request(url, headers=headers)
    with _watching(line, cancelled), opener.open(request, timeout=timeout_s) as response:
        yield response


@contextmanager
def _watching(line: _Line, cancelled: Callable[[], bool]) -> Iterator[None]:
    done = threading.Event()

    def watch() -> None:
        while not done.wait(_WATCH_EVERY_S):
            if cancelled():
                line.cut()
                return

    watcher = threading.Thread(target=watch, name="download-watch", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()
