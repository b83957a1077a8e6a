"""A web server on 127.0.0.1 that serves one file, and can misbehave."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class FileServer:
    """What is served and how; may be changed between requests.

    Attributes:
        content: The file.
        status: Answer this instead of serving, when not 200.
        ranges: Whether a wish to resume is heard.
        wrong_range: Resume at another place than asked.
        cut_at: Close the connection after so many bytes of the file.
        stall_at: Say nothing more after so many bytes of the file.
        lengthless: Do not say how long the file is.
        redirect: Send the first request elsewhere.
        asked: The Range header of each request, or "".
    """

    content: bytes = b""
    status: int = 200
    ranges: bool = True
    wrong_range: bool = False
    cut_at: int | None = None
    stall_at: int | None = None
    lengthless: bool = False
    redirect: bool = False
    url: str = ""
    asked: list[str] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)


@contextmanager
def serving(content: bytes) -> Iterator[FileServer]:
    server = FileServer(content)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.0"

        def log_message(self, *args: object) -> None:
            pass

        def do_GET(self) -> None:
            with suppress(BrokenPipeError, ConnectionResetError):  # some tests hang up
                _answer(self, server)

    listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listener.daemon_threads = False
    server.url = f"http://127.0.0.1:{listener.server_address[1]}/weights"
    thread = threading.Thread(target=listener.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        server.released.set()
        listener.shutdown()
        thread.join()
        listener.server_close()


def _answer(handler: BaseHTTPRequestHandler, server: FileServer) -> None:
    wish = handler.headers.get("Range", "")
    if server.redirect and handler.path == "/weights":
        handler.send_response(302)
        handler.send_header("Location", "/elsewhere")
        handler.end_headers()
        return
    server.asked.append(wish)
    if server.status != 200:
        handler.send_error(server.status)
        return
    start = int(wish.removeprefix("bytes=").removesuffix("-")) if wish and server.ranges else 0
    whole = len(server.content)
    if start and start >= whole:
        handler.send_error(416)
        return
    handler.send_response(206 if start else 200)
    if start:
        said = start + 1 if server.wrong_range else start
        handler.send_header("Content-Range", f"bytes {said}-{whole - 1}/{whole}")
    if not server.lengthless:
        handler.send_header("Content-Length", str(whole - start))
    handler.end_headers()
    _send(handler, server, start)


def _send(handler: BaseHTTPRequestHandler, server: FileServer, start: int) -> None:
    ends = [end for end in (server.cut_at, server.stall_at) if end is not None]
    handler.wfile.write(server.content[start : min(ends, default=len(server.content))])
    handler.wfile.flush()
    if server.stall_at is not None:
        server.released.wait()
