"""What an exam's report shall have, and where it goes."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from PyQt6.QtCore import Qt, QTimer, QUrl
from PyQt6.QtGui import QDesktopServices
from PyQt6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from sonoassist.core.errors import window_text
from sonoassist.core.jobs import Job, Work
from sonoassist.core.wording import sentence
from sonoassist.exam.export import Export
from sonoassist.exam.pacs.checking import ANSWER_S, Tested, try_connection
from sonoassist.exam.works import export_work, send_work
from sonoassist.gui.action_set import PlaceKeys
from sonoassist.gui.acts import Act, Place
from sonoassist.gui.controller import Controller
from sonoassist.gui.file_dialogs import EXPORT, ask_path
from sonoassist.gui.jobs_sheet import REFRESH_MS, JobRow
from sonoassist.gui.sheets import Sheet
from sonoassist.gui.theme import Look

_PARTS = (
    ("pdf", "PDF report"),
    ("html", "HTML report"),
    ("tables", "Tables: CSV and JSON"),
    ("stills", "Stills as pictures"),
    ("clips", "Clips as videos"),
    ("dicom", "DICOM: stills, clips and structured report"),
)
_ON = {"pdf", "html"}


def _column(title: str, boxes: Iterable[QCheckBox]) -> QVBoxLayout:
    """Boxes under what they have in common."""
    column, head = QVBoxLayout(), QLabel(title)
    head.setObjectName("section")
    for part in (head, *boxes):
        column.addWidget(part)
    column.addStretch(1)
    return column


class ReportSheet(Sheet):
    """Check boxes, a folder, a button; writing goes on in the background."""

    def __init__(self, over: QWidget, look: Look, controller: Controller, exam_id: str) -> None:
        super().__init__(over, look, f"Report of exam {exam_id}", 860)
        self._controller = controller
        self._exam_id = exam_id
        self._row: JobRow | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(REFRESH_MS)
        self._timer.timeout.connect(self._refresh_row)
        store = controller.desk.store
        assert store is not None
        self._store = store
        self.parts: dict[str, QCheckBox] = {}
        for name, text in _PARTS:
            self.parts[name] = box = QCheckBox(text)
            box.setChecked(name in _ON)
        self.boxes = QCheckBox("Draw the boxes on the stills")
        self.boxes.setChecked(True)
        self.masked = QCheckBox("Black out everything beside the ultrasound picture (names, dates)")
        self.masked.setChecked(True)
        self.unreviewed = QCheckBox("DICOM also of pictures that nobody has reviewed")
        how = (self.boxes, self.masked, self.unreviewed)
        columns = QHBoxLayout()
        columns.setSpacing(look.px(24))
        for title, boxes in (("What", self.parts.values()), ("How", how)):
            column = _column(title, boxes)
            column.setSpacing(look.px(6))
            columns.addLayout(column)
        columns.addStretch(1)
        self.body.addLayout(columns)
        kept = controller.settings.folders.get(EXPORT.name, "")
        base = Path(kept) if kept else Path.home() / "SonoAssist"
        self.folder = QLineEdit(str(base / exam_id))
        choose = QPushButton("Folder …")
        choose.clicked.connect(self._choose)
        row = QHBoxLayout()
        row.addWidget(self.folder, 1)
        row.addWidget(choose)
        self.body.addLayout(row)
        self.node = QLineEdit(controller.settings.pacs_node)
        self.node.setPlaceholderText("AE@HOST:PORT of a PACS node")
        self.send = QPushButton("Send what was kept")
        self.send.clicked.connect(self._send)
        sending = QHBoxLayout()
        self.test = QPushButton("Test connection")
        self.test.clicked.connect(self._test)
        sending.addWidget(self.node, 1)
        sending.addWidget(self.test)
        sending.addWidget(self.send)
        self.body.addLayout(sending)
        self._work = QVBoxLayout()
        self.body.addLayout(self._work)
        self.said = QLabel("Research and training only. Not for diagnosis.")
        self.said.setObjectName("muted")
        self.said.setWordWrap(True)
        self.said.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.body.addWidget(self.said)
        self.write = QPushButton(f"Write  {look.keys.text(Act.CAPTURE)}".rstrip())
        self.write.setObjectName("main")
        self.write.clicked.connect(self._write)
        self.show_folder = QPushButton("Open the folder")
        self.show_folder.clicked.connect(self._open_folder)
        self.show_folder.hide()
        last = QHBoxLayout()
        last.addStretch(1)
        last.addWidget(self.show_folder)
        last.addWidget(self.write)
        self.body.addLayout(last)
        handlers = {Act.CAPTURE: self.write.click}
        self.keys = PlaceKeys(self, Place.REPORT, handlers, look.keys)

    def open(self) -> None:
        """Show it; Enter writes."""
        super().open()
        self.write.setFocus()

    def _choose(self) -> None:
        # A folder of its own for each exam: pictures of two must not get mixed up.
        ask_path(
            self,
            self._look,
            self._controller,
            EXPORT,
            lambda path: self.folder.setText(str(Path(path) / self._exam_id)),
        )

    def export(self) -> Export:
        """What the boxes ask for."""
        parts = {name for name, box in self.parts.items() if box.isChecked()}
        return Export(
            parts=frozenset(parts),
            boxes=self.boxes.isChecked(),
            masked=self.masked.isChecked(),
            unreviewed=self.unreviewed.isChecked(),
        )

    def _write(self) -> None:
        export, folder = self.export(), Path(self.folder.text()).expanduser()
        if not export.parts:
            self.said.setText("Choose what shall be written")
            return
        self._begin(export_work(self._store, self._exam_id, folder, export))

    def _send(self) -> None:
        node = self.node.text().strip()
        self._controller.change(pacs_node=node)
        self._begin(send_work(self._store, self._exam_id, node, self.export()))

    def _begin(self, work: Work) -> None:
        """Have it done as a job, which is shown here too and goes on when this is closed."""
        self._allow(False)
        self.said.setText("It goes on when you close this. All jobs: see the bar of the window.")
        job = self._controller.long_jobs.start(work, self._ended)
        self._forget_row()
        self._row = JobRow(job, self._controller.long_jobs, self._look)
        self._work.addWidget(self._row)
        self._timer.start()
        self._place()

    def _forget_row(self) -> None:
        if self._row is not None:
            self._row.hide()
            self._row.deleteLater()
            self._row = None

    def _refresh_row(self) -> None:
        if self._row is not None:
            self._row.refresh()
            self._allow(self._row.job.state.over)

    def _ended(self, job: Job) -> bool:
        """Say what came of it; not where the sheet was closed: then a notice says it."""
        if self.gone:
            return False
        self._timer.stop()
        self._forget_row()
        self._allow(True)
        notes = job.result.notes if job.result is not None else ()
        self.said.setText("\n".join([job.text, *notes]))
        if job.result is not None and job.result.folder is not None:
            self.show_folder.show()
        self._place()
        return True

    def _allow(self, on: bool) -> None:
        for button in (self.write, self.send, self.test):
            button.setEnabled(on)

    def _test(self) -> None:
        """Ask the node whether it is there, and say so in words."""
        node = self.node.text().strip()
        self._allow(False)
        self.said.setText(f"Asking; each answer is waited for up to {ANSWER_S:g} s …")
        self._controller.jobs.start(
            "pacs test", lambda: try_connection(node), self._tested, self._untested
        )

    def _tested(self, tested: Tested) -> None:
        if not self.gone:
            self._allow(True)
            self.said.setText(tested.text)

    def _untested(self, error: Exception) -> None:
        if not self.gone:
            self._allow(True)
            self.said.setText(sentence(window_text(error)))

    def _open_folder(self) -> None:
        if not QDesktopServices.openUrl(QUrl.fromLocalFile(self.folder.text())):
            self.said.setText(f"The folder is {self.folder.text()}")
