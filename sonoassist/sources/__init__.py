"""Where frames come from: video files, pictures, DICOM, capture devices, streams."""
