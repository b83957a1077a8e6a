"""A PACS node, and what can go wrong with it."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sonoassist.core.errors import SonoAssistError, UsageError

OWN_AE = "SONOASSIST"
_LONGEST_AE = 16
_LONGEST_WAIT_S = 600.0


class PacsError(SonoAssistError):
    """A PACS node cannot be used."""


class NodeAwayError(PacsError):
    """The node does not answer, or breaks off; later it may."""


class NodeRefusesError(PacsError):
    """The node answers and refuses; to try again as before is of no use."""


class KindsRefusedError(NodeRefusesError):
    """The node talks to us, but takes nothing of what is offered."""


@dataclass(frozen=True, slots=True)
class PacsNode:
    """Where DICOM files are sent to.

    Attributes:
        host: Name or address.
        port: TCP port.
        called_ae: Application entity title of the node, 1 to 16 characters.
        calling_ae: Ours.
        timeout_s: Longest wait for each answer of the node.

    Raises:
        UsageError: One of them cannot be.
    """

    host: str
    port: int
    called_ae: str
    calling_ae: str = OWN_AE
    timeout_s: float = 10.0

    def __post_init__(self) -> None:
        if not self.host.strip() or any(one.isspace() for one in self.host):
            raise UsageError(f"'{self.host}' is not the name of a PACS node", _HINT)
        if not 1 <= self.port <= 65535:
            raise UsageError(f"{self.port} is not a port", "Ports are 1 to 65535")
        if not 0.0 < self.timeout_s <= _LONGEST_WAIT_S:
            raise UsageError(
                f"a wait of {self.timeout_s:g} s is not possible", f"Up to {_LONGEST_WAIT_S:g} s"
            )
        for title in (self.called_ae, self.calling_ae):
            _check_title(title)

    @property
    def address(self) -> str:
        """HOST:PORT."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @classmethod
    def parse(cls, text: str, *, calling_ae: str = OWN_AE, timeout_s: float = 10.0) -> PacsNode:
        """The node that "AE@HOST:PORT" names.

        Raises:
            UsageError: It is not of that form.
        """
        title, at, address = text.strip().rpartition("@")
        host, colon, port = address.rpartition(":")
        if not at or not colon or not port.isascii() or not port.isdigit():
            raise UsageError(f"'{text}' is not a PACS node", _HINT)
        return cls(
            host.removeprefix("[").removesuffix("]"), int(port), title, calling_ae, timeout_s
        )

    def as_values(self) -> dict[str, object]:
        """As plain values; `PacsNode(**values)` is the inverse."""
        return asdict(self)


_HINT = "Write AE@HOST:PORT, as in ARCHIVE@192.168.1.20:104"


def _check_title(title: str) -> None:
    fits = title.isascii() and title.isprintable() and "\\" not in title
    if not fits or not title.strip() or len(title) > _LONGEST_AE:
        raise UsageError(
            f"'{title}' is not an AE title", f"It has 1 to {_LONGEST_AE} plain letters and digits"
        )
