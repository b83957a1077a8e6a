"""A real PACS node on this computer, and servers that are none."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from pydicom.dataset import Dataset
from pydicom.uid import UID
from pynetdicom import AE, evt
from pynetdicom.sop_class import Verification

from sonoassist.exam.pacs.node import PacsNode
from waiting import LIMIT_S

HOST = "127.0.0.1"
PATIENCE_S = min(LIMIT_S, 600.0)
"""A node may not be waited for any longer."""
US, CINE, SR = (
    UID("1.2.840.10008.5.1.4.1.1.6.1"),
    UID("1.2.840.10008.5.1.4.1.1.3.1"),
    UID("1.2.840.10008.5.1.4.1.1.88.33"),
)
EXPLICIT, IMPLICIT, JPEG = (
    UID("1.2.840.10008.1.2.1"),
    UID("1.2.840.10008.1.2"),
    UID("1.2.840.10008.1.2.4.50"),
)
Answer = Callable[[int, evt.Event], "int | Dataset"]


@dataclass
class MadeNode:
    """What a node is, and what it got."""

    node: PacsNode
    received: list[Dataset] = field(default_factory=list)
    associations: int = 0


@contextmanager
def running_node(
    *,
    kinds: Sequence[UID] = (US, CINE, SR),
    syntaxes: Sequence[UID] = (JPEG, EXPLICIT, IMPLICIT),
    answer: Answer = lambda _, __: 0x0000,
    title: str = "ARCHIVE",
    timeout_s: float = PATIENCE_S,
    port: int = 0,
) -> Iterator[MadeNode]:
    """A storage node in threads of its own.

    Args:
        kinds: SOP classes it stores.
        syntaxes: Transfer syntaxes it takes, the preferred one first.
        answer: (number of the store, event) -> status.
        title: It insists on being called so.
        timeout_s: Of the `PacsNode` made for it.
        port: To listen on; 0 for a free one.
    """
    ae = AE(ae_title=title)
    ae.require_called_aet = True
    ae.acse_timeout = ae.dimse_timeout = ae.network_timeout = LIMIT_S
    for kind in (*kinds, Verification):
        ae.add_supported_context(kind, list(syntaxes))
    ae.add_supported_context(Verification)
    made = MadeNode(PacsNode(HOST, 1, title, timeout_s=timeout_s))
    count = iter(range(10_000))

    def store(event: evt.Event) -> int | Dataset:
        status = answer(next(count), event)
        if status == 0x0000 or (isinstance(status, int) and 0xB000 <= status < 0xC000):
            dataset = event.dataset
            dataset.file_meta = event.file_meta
            made.received.append(dataset)
        return status

    def accepted(_: evt.Event) -> None:
        made.associations += 1

    handlers = [(evt.EVT_C_STORE, store), (evt.EVT_ACCEPTED, accepted)]
    server = ae.start_server((HOST, port), block=False, evt_handlers=handlers)
    assert server is not None
    made.node = PacsNode(HOST, server.server_address[1], title, timeout_s=timeout_s)
    try:
        yield made
    finally:
        server.shutdown()
        ae.shutdown()


def free_port() -> int:
    """A port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


@contextmanager
def raw_server(talk: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server that speaks as `talk` says, once; gives its port."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        listener.bind((HOST, 0))
        listener.listen()
        done = threading.Event()

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                talk(connection)
                done.wait()

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield int(listener.getsockname()[1])
        finally:
            done.set()
            thread.join()
