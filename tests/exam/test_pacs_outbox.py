from __future__ import annotations

import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dicom_exam import made_exam, store_in
from pacs_server import HOST, PATIENCE_S, free_port, running_node
from sonoassist.core import paths
from sonoassist.core.errors import OutputError, UsageError
from sonoassist.exam.dicom_out.export import DicomOptions, export_dicom
from sonoassist.exam.pacs.node import PacsNode
from sonoassist.exam.pacs.outbox import Outbox
from sonoassist.exam.pacs.outcome import Fate, SendOutcome
from sonoassist.exam.pacs.sending import retry, send

NODE = PacsNode("pacs.example", 104, "ARCHIVE", "ROOM2", 3.0)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("files")
    with made_exam(store_in(folder)) as exam:
        return export_dicom(exam, folder / "out", DicomOptions(clips=False))


@pytest.fixture
def outbox(tmp_path: Path) -> Outbox:
    return Outbox(tmp_path / "home" / "outbox")


def names(outbox: Outbox) -> list[str]:
    return [entry.name for entry in outbox.read()[0]]


def test_an_entry_is_a_private_copy(files: list[Path], outbox: Outbox) -> None:
    assert not outbox.has_any()
    added = outbox.add(files[0], NODE)
    (entry,) = Outbox(outbox.folder).read()[0]
    assert entry == added
    assert (entry.node, entry.name, entry.tries) == (NODE, files[0].name, 0)
    assert entry.file.read_bytes() == files[0].read_bytes()
    everything = [outbox.folder, *outbox.folder.rglob("*")]
    assert {stat.S_IMODE(one.stat().st_mode) for one in everything} == {0o700, 0o600}


def test_the_user_has_one_outbox(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SONOASSIST_HOME", str(tmp_path))
    assert Outbox.default().folder == paths.home() / "outbox" == tmp_path / "outbox"
    report = retry()
    assert report.complete
    assert report.message == "nothing waits in the outbox"
    assert not (tmp_path / "outbox").exists()


def test_what_waited_is_sent_after_a_restart(files: list[Path], tmp_path: Path) -> None:
    """Each step is a program of its own, as it is for the user."""
    home = {**os.environ, "SONOASSIST_HOME": str(tmp_path)}
    port = free_port()
    code = (
        "import sys; from pathlib import Path\n"
        "from sonoassist.exam.pacs.sending import PacsNode, retry, send\n"
        f"node = PacsNode({HOST!r}, {port}, 'ARCHIVE', timeout_s={PATIENCE_S})\n"
        "files = [Path(one) for one in sys.argv[1:]]\n"
        "print((send(files, node) if files else retry()).message)"
    )

    def program(*arguments: Path) -> str:
        command = [sys.executable, "-c", code, *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=home)
        assert done.stderr == ""
        return done.stdout.strip()

    away = (
        f"the PACS node {HOST}:{port} does not answer; 3 files kept in the outbox, to be sent again"
    )
    assert program(*files) == away
    assert program() == away
    with running_node(port=port) as made:
        assert program() == f"3 files stored by ARCHIVE at {HOST}:{port}"
    assert [one.SOPClassUID.name.split()[0] for one in made.received] == [
        "Ultrasound",
        "Ultrasound",
        "Comprehensive",
    ]
    assert program() == "nothing waits in the outbox"


def test_trouble_is_kept_with_the_entry(files: list[Path], outbox: Outbox) -> None:
    node = PacsNode(HOST, free_port(), "ARCHIVE")
    send(files[:1], node, outbox=outbox)
    retry(outbox=outbox)
    (entry,) = outbox.read()[0]
    assert entry.tries == 2
    assert entry.trouble == f"the PACS node {node.address} does not answer"


def test_each_node_gets_its_own(files: list[Path], outbox: Outbox) -> None:
    away = PacsNode(HOST, free_port(), "AWAY")
    told: list[tuple[int, int, Fate]] = []

    def progress(done: int, total: int, outcome: SendOutcome) -> None:
        told.append((done, total, outcome.fate))

    with running_node() as made:
        outbox.add(files[0], away)
        outbox.add(files[1], made.node)
        outbox.add(files[2], made.node)
        report = retry(progress, outbox)
    assert [one.node for one in report.reports] == [away, made.node]
    assert told == [(1, 1, Fate.WAITING), (1, 2, Fate.STORED), (2, 2, Fate.STORED)]
    assert not report.complete
    assert len(report.message.splitlines()) == 2
    assert names(outbox) == [files[0].name]


def test_what_is_refused_stays_when_it_waited_before(files: list[Path], outbox: Outbox) -> None:
    outbox_entry_answers = iter([0xC000, 0x0000])
    with running_node(answer=lambda _, __: next(outbox_entry_answers)) as made:
        outbox.add(files[0], made.node)
        report = retry(outbox=outbox)
        assert [one.fate for one in report.reports[0].outcomes] == [Fate.REFUSED]
        assert names(outbox) == [files[0].name]
        assert retry(outbox=outbox).complete
    assert names(outbox) == []


def test_one_damaged_entry_does_not_block_the_others(files: list[Path], outbox: Outbox) -> None:
    with running_node() as made:
        entries = [outbox.add(path, made.node) for path in files]
        (entries[0].folder / "where.json").write_text('{"node": {"host": "x"}}')
        entries[1].file.write_bytes(b"cut off")
        report = retry(outbox=outbox)
    assert [one.fate for one in report.reports[0].outcomes] == [Fate.REFUSED, Fate.STORED]
    assert report.damaged == (
        f"the outbox entry {entries[0].entry_id} is damaged. Delete the folder {entries[0].folder}",
    )
    assert not report.complete
    assert len(made.received) == 1


def test_a_program_killed_while_adding_leaves_nothing_that_is_sent(
    files: list[Path], outbox: Outbox
) -> None:
    outbox.add(files[0], NODE)
    for name in (".making-1", ".making-2", ".gone-3"):
        (outbox.folder / name).mkdir()
        (outbox.folder / name / "object.dcm").write_bytes(b"half")
    yesterday = time.time() - 25 * 3600
    os.utime(outbox.folder / ".making-1", (yesterday, yesterday))
    assert names(outbox) == [files[0].name]
    with outbox.sending():
        left = sorted(one.name for one in outbox.folder.iterdir() if one.is_dir())
    # The other one may belong to a program that is just adding it.
    assert left[0] == ".making-2"
    assert len(left) == 2


def test_a_program_killed_while_sending_sends_the_rest_later(
    files: list[Path], outbox: Outbox
) -> None:
    class KilledError(BaseException):
        pass

    def killed(done: int, total: int, outcome: SendOutcome) -> None:
        raise KilledError

    with running_node() as made:
        with pytest.raises(KilledError):
            send(files, made.node, killed, outbox)
        assert names(outbox) == [path.name for path in files[1:]]
        assert retry(outbox=outbox).complete
    assert len({one.SOPInstanceUID for one in made.received}) == len(made.received) == len(files)


def test_all_files_are_kept_or_none(files: list[Path], outbox: Outbox, tmp_path: Path) -> None:
    with pytest.raises(OutputError):
        outbox.add_all([files[0], tmp_path / "gone.dcm"], NODE)
    assert not outbox.has_any()


def test_two_programs_do_not_send_the_same(files: list[Path], outbox: Outbox) -> None:
    outbox.add(files[0], NODE)
    with outbox.sending(), pytest.raises(UsageError, match="another program is sending"):
        retry(outbox=Outbox(outbox.folder))


def test_removing_twice_is_no_error(files: list[Path], outbox: Outbox) -> None:
    entry = outbox.add(files[0], NODE)
    outbox.remove(entry)
    outbox.remove(entry)
    outbox.note(entry, "late")
    assert not outbox.has_any()


def test_an_outbox_that_cannot_be_written(files: list[Path], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match="cannot write"):
        Outbox(tmp_path / "file").add(files[0], NODE)
