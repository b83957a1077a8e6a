"""What an exam's report shall have, and where it goes."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt, QUrl
from PyQt6.QtGui import QDesktopServices
from PyQt6.QtWidgets import (
    QCheckBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QWidget,
)

from sonoassist.core.errors import window_text
from sonoassist.core.wording import counted
from sonoassist.exam.export import Export, write_export
from sonoassist.exam.sending import send_exam
from sonoassist.gui.actions import Act, Place, PlaceKeys
from sonoassist.gui.controller import Controller
from sonoassist.gui.sheets import Sheet
from sonoassist.gui.theme import Look
from sonoassist.live.status import Level, Notice

if TYPE_CHECKING:
    from sonoassist.exam.pacs.outcome import SendReport

_PARTS = (
    ("pdf", "PDF report"),
    ("html", "HTML report"),
    ("tables", "Tables: CSV and JSON"),
    ("stills", "Stills as pictures"),
    ("clips", "Clips as videos"),
    ("dicom", "DICOM: stills, clips and structured report"),
)
_ON = {"pdf", "html"}


class ReportSheet(Sheet):
    """Check boxes, a folder, a button; writing goes on in the background."""

    def __init__(self, over: QWidget, look: Look, controller: Controller, exam_id: str) -> None:
        super().__init__(over, look, f"Report of exam {exam_id}", 720)
        self._controller = controller
        self._exam_id = exam_id
        self._left_out: list[str] = []
        store = controller.desk.store
        assert store is not None
        self._store = store
        self.parts: dict[str, QCheckBox] = {}
        for name, text in _PARTS:
            box = QCheckBox(text)
            box.setChecked(name in _ON)
            self.parts[name] = box
            self.body.addWidget(box)
        self.boxes = QCheckBox("Draw the boxes on the stills")
        self.boxes.setChecked(True)
        self.masked = QCheckBox("Black out everything beside the ultrasound picture (names, dates)")
        self.masked.setChecked(True)
        self.unreviewed = QCheckBox("DICOM also of pictures that nobody has reviewed")
        for box in (self.boxes, self.masked, self.unreviewed):
            self.body.addWidget(box)
        self.folder = QLineEdit(str(Path.home() / "SonoAssist" / exam_id))
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
        sending.addWidget(self.node, 1)
        sending.addWidget(self.send)
        self.body.addLayout(sending)
        self.said = QLabel("Research and training only. Not for diagnosis.")
        self.said.setObjectName("muted")
        self.said.setWordWrap(True)
        self.said.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.body.addWidget(self.said)
        self.write = QPushButton("Write")
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
        dialog = QFileDialog(self, "Folder of the report", self.folder.text())
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.fileSelected.connect(self.folder.setText)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

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
        self.write.setEnabled(False)
        self.said.setText("Writing …")
        self._left_out.clear()
        writing = partial(
            write_export, self._store, self._exam_id, folder, export, warned=self._left_out.append
        )
        self._controller.jobs.start("report", writing, self._written, self._failed)

    def _written(self, files: list[Path]) -> None:
        if not self.gone:
            self.show_folder.show()
        self._tell_with_left_out(f"{counted(len(files), 'file')} written to {files[0].parent}")

    def _tell_with_left_out(self, text: str, *, failed: bool = False) -> None:
        """Say what came of it, and which pictures are not among it since they may show a name."""
        left_out = list(self._left_out)
        self._tell("\n".join([text, *left_out]), failed=failed or bool(left_out))

    def _send(self) -> None:
        node = self.node.text().strip()
        self._controller.change(pacs_node=node)
        self.send.setEnabled(False)
        self.said.setText("Sending …")
        self._left_out.clear()
        sending = partial(
            send_exam, self._store, self._exam_id, node, self.export(),
            warned=self._left_out.append,
        )  # fmt: skip
        self._controller.jobs.start("send", sending, self._sent, self._failed)

    def _sent(self, report: SendReport) -> None:
        self._tell_with_left_out(report.message, failed=not report.complete)

    def _tell(self, text: str, *, failed: bool = False) -> None:
        """Say what came of it, on the sheet or, where that was closed, in a notice."""
        if self.gone:
            level = Level.WARNING if failed else Level.INFO
            self._controller.session.notices.put(Notice(level, text))
            return
        self.write.setEnabled(True)
        self.send.setEnabled(True)
        self.said.setText(text)

    def _failed(self, error: Exception) -> None:
        self._tell(window_text(error), failed=True)

    def _open_folder(self) -> None:
        if not QDesktopServices.openUrl(QUrl.fromLocalFile(self.folder.text())):
            self.said.setText(f"The folder is {self.folder.text()}")
