"""A conversation with a PACS node in which every wait has an end."""

from __future__ import annotations

import queue
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from pydicom.uid import UID
from pynetdicom import AE, evt
from pynetdicom.association import Association
from pynetdicom.transport import AssociationSocket
from typing_extensions import override

from sonoassist.exam.pacs.node import KindsRefusedError, NodeAwayError, NodeRefusesError, PacsNode

CONNECT_S = 5.0
"""Longest wait for a connection: a node in the same house answers within milliseconds."""
_PREPARING_S = 120.0
_TRANSIENT = 2
_CALLING_UNKNOWN, _CALLED_UNKNOWN = 3, 7
_BY_USER = 1
"""Source of a rejection: the node's service user, whose reasons speak of titles."""


class _Entity(AE):
    """Our side, which closes its socket: pynetdicom leaves one open that could not connect."""

    def __init__(self, node: PacsNode) -> None:
        super().__init__(ae_title=node.calling_ae)
        self.acse_timeout = self.dimse_timeout = node.timeout_s
        self.connection_timeout = min(node.timeout_s, CONNECT_S)
        # Counts while nothing is sent, which is while we decompress the next file.
        self.network_timeout = node.timeout_s + _PREPARING_S
        self._sockets: list[socket.socket] = []

    @override
    def _create_socket(self, *arguments: Any) -> AssociationSocket:
        made = super()._create_socket(*arguments)
        if made.socket is not None:
            self._sockets.append(made.socket)
        return made

    def close(self) -> None:
        """Let go of the network."""
        for one in self._sockets:
            one.close()


@contextmanager
def associated(node: PacsNode, offered: Sequence[tuple[UID, list[UID]]]) -> Iterator[Association]:
    """An association with a node, released behind the block.

    Args:
        node: To talk to.
        offered: Abstract syntaxes, each with its transfer syntaxes.

    Raises:
        NodeAwayError: It does not answer.
        NodeRefusesError: It does not want to talk to us, or takes nothing of what is offered.
    """
    entity = _Entity(node)
    for kind, syntaxes in offered:
        entity.add_requested_context(kind, syntaxes)
    try:
        association = _associate(node, entity)
        try:
            yield association
        except BaseException:
            association.abort()
            raise
        if association.is_established:
            association.release()
    finally:
        entity.close()


def _associate(node: PacsNode, entity: _Entity) -> Association:
    connected = threading.Event()

    def opened(event: evt.Event) -> None:
        connected.set()
        # Without it, writing to a node that stopped reading would never end.
        inner = event.assoc.dul.socket
        if inner is not None and inner.socket is not None:
            inner.socket.settimeout(node.timeout_s)

    association = entity.associate(
        _resolved(node),
        node.port,
        ae_title=node.called_ae,
        evt_handlers=[(evt.EVT_CONN_OPEN, opened)],
    )
    if not association.is_established:
        raise _failure(node, association, connected.is_set())
    return association


def knock(node: PacsNode) -> None:
    """Open a connection to a node and close it again: whether anybody listens there at all.

    Raises:
        NodeAwayError: Nobody does: refused, which is told at once, or not reached in time.
    """
    wait_s = min(node.timeout_s, CONNECT_S)
    try:
        socket.create_connection((_resolved(node), node.port), wait_s).close()
    except ConnectionRefusedError as error:
        raise NodeAwayError(
            f"the PACS node {node.address} does not answer (the connection is refused: nothing "
            f"listens at port {node.port})",
            "Check the port, and whether the PACS is running",
        ) from error
    except TimeoutError as error:
        raise NodeAwayError(
            f"the PACS node {node.address} does not answer (not reached within {wait_s:g} s)",
            "Check the address, and whether this computer is in the network of the PACS",
        ) from error
    except OSError as error:
        raise NodeAwayError(
            f"the PACS node {node.address} does not answer (not reached: "
            f"{error.strerror or error})",
            "Check the address, and whether this computer is in the network of the PACS",
        ) from error


def _failure(
    node: PacsNode, association: Association, connected: bool
) -> NodeAwayError | NodeRefusesError:
    """Why there is no association."""
    if association.is_rejected:
        return _rejection(node, association)
    if association.rejected_contexts:
        return KindsRefusedError(
            f"the PACS node {node.address} does not take these kinds of files",
            "Its administrator has to allow them",
        )
    if connected:
        return NodeAwayError(
            f"the PACS node {node.address} answers, but not as a PACS node does: another program "
            f"listens there, or one that says nothing (waited up to {node.timeout_s:g} s)",
            "Check the port",
        )
    return NodeAwayError(f"the PACS node {node.address} does not answer")


def _rejection(node: PacsNode, association: Association) -> NodeAwayError | NodeRefusesError:
    answer = association.acceptor.primitive
    assert answer is not None
    result, source, reason = answer.result, answer.result_source, answer.diagnostic
    if source == _BY_USER and reason == _CALLED_UNKNOWN:
        return NodeRefusesError(
            f"the PACS node {node.address} does not call itself {node.called_ae}",
            "Check its AE title",
        )
    if source == _BY_USER and reason == _CALLING_UNKNOWN:
        return NodeRefusesError(
            f"the PACS node {node.address} does not know {node.calling_ae}",
            "Its administrator has to add this AE title",
        )
    why = str(answer.reason_str).lower()
    if result == _TRANSIENT:
        return NodeAwayError(f"the PACS node {node.address} is busy ({why})")
    return NodeRefusesError(f"the PACS node {node.address} refuses to talk to us ({why})")


def _resolved(node: PacsNode) -> str:
    """The numeric address of a node, looked up for no longer than its time limit.

    Raises:
        NodeAwayError: It has none, or nobody answers in time.
    """
    answers: queue.Queue[list[str]] = queue.Queue()

    def look_up() -> None:
        try:
            found = socket.getaddrinfo(node.host, node.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            answers.put([])
            return
        # Many nodes listen on the older kind of address only.
        found.sort(key=lambda one: one[0] != socket.AF_INET)
        answers.put([str(one[4][0]) for one in found])

    threading.Thread(target=look_up, name="pacs-address", daemon=True).start()
    try:
        found = answers.get(timeout=node.timeout_s)
    except queue.Empty:
        found = []
    if not found:
        raise NodeAwayError(
            f"the PACS node {node.address} does not answer (name not known)", "Check its name"
        )
    return found[0]
