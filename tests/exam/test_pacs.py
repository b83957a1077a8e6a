from __future__ import annotations

import socket
import threading
from pathlib import Path

import numpy as np
import pytest
from highdicom.sr import ComprehensiveSR
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import UID
from pynetdicom import evt

from dicom_exam import made_exam, store_in
from pacs_server import (
    CINE,
    EXPLICIT,
    HOST,
    IMPLICIT,
    JPEG,
    PATIENCE_S,
    SR,
    US,
    free_port,
    raw_server,
    running_node,
)
from sonoassist.core.errors import UsageError
from sonoassist.exam.dicom_out.export import DicomOptions, export_dicom
from sonoassist.exam.pacs import association
from sonoassist.exam.pacs.node import NodeAwayError, NodeRefusesError, PacsNode
from sonoassist.exam.pacs.outbox import Outbox
from sonoassist.exam.pacs.outcome import Fate, SendOutcome
from sonoassist.exam.pacs.sending import echo, retry, send
from waiting import LIMIT_S


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("files")
    with made_exam(store_in(folder)) as exam:
        return export_dicom(exam, folder / "out", DicomOptions(unjudged=True))


@pytest.fixture
def outbox(tmp_path: Path) -> Outbox:
    return Outbox(tmp_path / "outbox")


def waiting(outbox: Outbox) -> list[str]:
    entries, damaged = outbox.read()
    assert not damaged
    return [entry.name for entry in entries]


@pytest.fixture
def known_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """A node's address need not be looked up: its time limit is for what comes behind that."""
    monkeypatch.setattr(association, "_resolved", lambda node: node.host)


@pytest.fixture
def slow_to_begin(known_address: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first node that is talked to may take long to agree; its limit is for all else."""
    first_s = iter([LIMIT_S])

    class Patient(association._Entity):
        def __init__(self, node: PacsNode) -> None:
            super().__init__(node)
            self.acse_timeout = next(first_s, node.timeout_s)

    monkeypatch.setattr(association, "_Entity", Patient)


def fates(outcomes: tuple[SendOutcome, ...]) -> list[Fate]:
    return [one.fate for one in outcomes]


def same(one: Dataset, other: Dataset) -> bool:
    """Whether all attributes are equal, the bytes of the picture included."""
    return bool(one == other)


# --- a node that answers --------------------------------------------------------------------


def test_a_node_that_is_there() -> None:
    with running_node() as made:
        echo(made.node)


def test_what_arrives_is_what_was_sent(files: list[Path], outbox: Outbox) -> None:
    told: list[tuple[int, int, str]] = []
    with running_node() as made:
        report = send(
            files,
            made.node,
            lambda done, total, one: told.append((done, total, one.path.name)),
            outbox,
        )
    assert report.complete
    assert report.message == f"6 files stored by ARCHIVE at {made.node.address}"
    assert told == [(index + 1, 6, path.name) for index, path in enumerate(files)]
    assert made.associations == 1
    assert waiting(outbox) == []
    for path, received in zip(files, made.received, strict=True):
        sent = dcmread(path)
        assert same(received, sent), path
        assert received.file_meta.TransferSyntaxUID == sent.file_meta.TransferSyntaxUID
    assert ComprehensiveSR.from_dataset(made.received[-1]).content


@pytest.mark.parametrize("plain", [EXPLICIT, IMPLICIT])
def test_a_node_that_takes_nothing_compressed(
    files: list[Path], outbox: Outbox, plain: UID
) -> None:
    with running_node(syntaxes=[plain]) as made:
        report = send(files, made.node, outbox=outbox)
    assert report.complete
    for path, received in zip(files, made.received, strict=True):
        sent = dcmread(path)
        assert received.file_meta.TransferSyntaxUID == plain
        assert received.SOPInstanceUID == sent.SOPInstanceUID
        if "PixelData" not in sent:
            assert same(received, sent)
            continue
        assert np.array_equal(received.pixel_array, sent.pixel_array)
        skip = ("PixelData", "PhotometricInterpretation")
        for keyword in set(sent.dir()) - set(skip):
            assert received[keyword] == sent[keyword], keyword
        assert sent.get("LossyImageCompression") == received.get("LossyImageCompression")


def test_a_node_that_does_not_take_clips(files: list[Path], outbox: Outbox) -> None:
    with running_node(kinds=[US, SR]) as made:
        report = send(files, made.node, outbox=outbox)
    assert [one.fate is Fate.REFUSED for one in report.outcomes] == [
        path.name.startswith("clip") for path in files
    ]
    assert str(report.outcomes[1]) == (
        "clip-001-4ch.dcm: refused (the node does not take this kind of file)"
    )
    assert report.message.endswith("; 2 files refused")
    assert waiting(outbox) == []


def test_a_node_that_takes_only_the_compressed_form(files: list[Path], outbox: Outbox) -> None:
    with running_node(kinds=[CINE], syntaxes=[JPEG]) as made:
        report = send(files, made.node, outbox=outbox)
    assert report.count(Fate.STORED) == 2
    assert report.count(Fate.REFUSED) == 4


def test_a_node_that_takes_nothing(files: list[Path], outbox: Outbox) -> None:
    with running_node(kinds=[]) as made:
        report = send(files, made.node, outbox=outbox)
        assert report.trouble == (
            f"the PACS node {made.node.address} does not take these kinds of files."
            " Its administrator has to allow them"
        )
    assert report.count(Fate.REFUSED) == 6
    assert waiting(outbox) == []


def test_answers_of_the_node_are_told_file_by_file(files: list[Path], outbox: Outbox) -> None:
    refused = Dataset()
    refused.Status, refused.ErrorComment = 0xC123, "no such modality"
    answers: list[int | Dataset] = [0x0000, 0xA700, 0xB000, 0xA900, refused, 0x0124]
    with running_node(answer=lambda number, _: answers[number]) as made:
        report = send(files, made.node, outbox=outbox)
    assert [(one.fate, one.text) for one in report.outcomes] == [
        (Fate.STORED, ""),
        (Fate.WAITING, "the node is out of space, 0xA700"),
        (Fate.WARNED, "the node changed some elements, 0xB000"),
        (Fate.REFUSED, "the node says the file does not match its kind, 0xA900"),
        (Fate.REFUSED, "the node does not understand the file, 0xC123: no such modality"),
        (Fate.REFUSED, "the node does not allow it, 0x0124"),
    ]
    assert waiting(outbox) == [files[1].name]
    assert len(made.received) == 2


# --- a node that does not -------------------------------------------------------------------


def test_nothing_listens(files: list[Path], outbox: Outbox) -> None:
    node = PacsNode(HOST, free_port(), "ARCHIVE")
    report = send(files, node, outbox=outbox)
    assert report.message == (
        f"the PACS node {node.address} does not answer; "
        "6 files kept in the outbox, to be sent again"
    )
    assert fates(report.outcomes) == [Fate.WAITING] * 6
    assert waiting(outbox) == [path.name for path in files]
    with pytest.raises(NodeAwayError, match=f"{node.address} does not answer"):
        echo(node)


def test_a_name_that_nobody_knows() -> None:
    with pytest.raises(NodeAwayError, match=r"nowhere.invalid:104 does not answer \(name not"):
        echo(PacsNode("nowhere.invalid", 104, "ARCHIVE"))


def test_a_wrong_title(files: list[Path], outbox: Outbox) -> None:
    with running_node() as made:
        node = PacsNode(HOST, made.node.port, "ELSEWHERE", timeout_s=PATIENCE_S)
        report = send(files[:2], node, outbox=outbox)
        with pytest.raises(NodeRefusesError, match="does not call itself ELSEWHERE"):
            echo(node)
    assert fates(report.outcomes) == [Fate.REFUSED] * 2
    assert report.message == (
        f"the PACS node {node.address} does not call itself ELSEWHERE. Check its AE title;"
        " 2 files refused"
    )
    assert waiting(outbox) == []


@pytest.mark.usefixtures("known_address")
def test_a_server_that_says_nothing(files: list[Path], outbox: Outbox) -> None:
    with raw_server(lambda _: None) as port:
        report = send(files[:1], PacsNode(HOST, port, "ARCHIVE", timeout_s=0.5), outbox=outbox)
    assert fates(report.outcomes) == [Fate.WAITING]
    assert "answers, but not as a PACS node does" in report.trouble


def test_a_server_of_another_kind(files: list[Path], outbox: Outbox) -> None:
    with raw_server(lambda it: it.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as port:
        report = send(files[:1], PacsNode(HOST, port, "ARCHIVE", timeout_s=2.0), outbox=outbox)
    assert fates(report.outcomes) == [Fate.WAITING]


def test_a_node_that_breaks_off_at_one_file(files: list[Path], outbox: Outbox) -> None:
    def answer(number: int, event: evt.Event) -> int:
        if number == 1:
            event.assoc.abort()
        return 0x0000

    with running_node(answer=answer) as made:
        report = send(files, made.node, outbox=outbox)
        assert fates(report.outcomes) == [Fate.STORED, Fate.WAITING, *[Fate.STORED] * 4]
        assert waiting(outbox) == [files[1].name]
        assert made.associations == 2
        assert retry(outbox=outbox).complete
    assert waiting(outbox) == []


def test_a_node_that_breaks_off_always(files: list[Path], outbox: Outbox) -> None:
    def answer(_: int, event: evt.Event) -> int:
        event.assoc.abort()
        return 0x0000

    with running_node(answer=answer) as made:
        report = send(files, made.node, outbox=outbox)
    assert fates(report.outcomes) == [Fate.WAITING] * 6
    assert made.associations == 2
    assert report.trouble == f"the PACS node {made.node.address} broke off"
    assert waiting(outbox) == [path.name for path in files]


def test_a_node_that_goes_in_the_middle_of_a_file(files: list[Path], outbox: Outbox) -> None:
    def answer(number: int, event: evt.Event) -> int:
        if number == 1:
            event.assoc.dul.socket.socket.shutdown(socket.SHUT_RDWR)
        return 0x0000

    with running_node(answer=answer) as made:
        report = send(files[:3], made.node, outbox=outbox)
    assert fates(report.outcomes)[:2] == [Fate.STORED, Fate.WAITING]


@pytest.mark.usefixtures("slow_to_begin")
def test_a_node_that_stops_reading(files: list[Path], outbox: Outbox, tmp_path: Path) -> None:
    """It agrees to everything and then hangs with the line open."""
    dataset = dcmread(files[0])
    dataset.Rows, dataset.PixelData = 16 * dataset.Rows, 16 * dataset.PixelData
    large = tmp_path / "large.dcm"
    dataset.save_as(large)
    with running_node() as made:

        def agree(connection: socket.socket) -> None:
            with socket.create_connection((HOST, made.node.port)) as upstream:
                upstream.sendall(connection.recv(65536))
                connection.sendall(upstream.recv(65536))

        with raw_server(agree) as port:
            node = PacsNode(HOST, port, "ARCHIVE", timeout_s=1.0)
            report = send([large, files[0]], node, outbox=outbox)
    assert fates(report.outcomes) == [Fate.WAITING] * 2
    assert report.outcomes[0].text == "broke off"
    assert len(waiting(outbox)) == 2


@pytest.mark.usefixtures("slow_to_begin")
def test_a_node_that_never_confirms(files: list[Path], outbox: Outbox) -> None:
    gone = threading.Event()

    def answer(_: int, __: evt.Event) -> int:
        gone.wait(LIMIT_S)
        return 0x0000

    with running_node(answer=answer) as made:
        node = PacsNode(HOST, made.node.port, "ARCHIVE", timeout_s=0.5)
        report = send(files[-1:], node, outbox=outbox)
        gone.set()
    assert fates(report.outcomes) == [Fate.WAITING]
    assert waiting(outbox) == [files[-1].name]


def test_bad_input_is_told_before_anything_is_sent(
    files: list[Path], outbox: Outbox, tmp_path: Path
) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("no picture")
    node = PacsNode(HOST, free_port(), "ARCHIVE")
    with pytest.raises(UsageError, match=r"notes\.txt is not a DICOM file"):
        send([files[0], text], node, outbox=outbox)
    with pytest.raises(UsageError, match=r"cannot read .*gone"):
        send([files[0], tmp_path / "gone.dcm"], node, outbox=outbox)
    with pytest.raises(UsageError, match="nothing to send"):
        send([], node, outbox=outbox)
    assert not outbox.has_any()


# --- naming a node --------------------------------------------------------------------------


def test_a_node_as_text() -> None:
    node = PacsNode.parse("ARCHIVE@pacs.example:104", calling_ae="ROOM2", timeout_s=3.0)
    assert node == PacsNode("pacs.example", 104, "ARCHIVE", "ROOM2", 3.0)
    assert PacsNode.parse("A@[::1]:11112").address == "[::1]:11112"
    assert PacsNode(**node.as_values()) == node


@pytest.mark.parametrize(
    "text",
    [
        "",
        "pacs:104",
        "A@pacs",
        "A@pacs:",
        "A@pacs:x",
        "A@pacs:0",
        "A@pacs:70000",
        "A@:104",
        "@pacs:104",
        "A\\B@pacs:104",
        "ABCDEFGHIJKLMNOPQ@pacs:104",
        "Ä@pacs:104",
        "A@pa cs:104",
        "A@pacs:１０４",
    ],
)
def test_text_that_names_no_node(text: str) -> None:
    with pytest.raises(UsageError):
        PacsNode.parse(text)


@pytest.mark.parametrize("timeout_s", [0.0, -1.0, float("nan"), float("inf"), 601.0])
def test_a_wait_that_has_no_end(timeout_s: float) -> None:
    with pytest.raises(UsageError, match="is not possible"):
        PacsNode("pacs", 104, "ARCHIVE", timeout_s=timeout_s)
