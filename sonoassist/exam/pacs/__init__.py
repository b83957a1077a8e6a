"""Sending DICOM files to an archive (PACS), with an outbox for what cannot be sent yet."""
