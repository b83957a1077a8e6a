"""The exam as DICOM objects: stills, clips and a structured report."""
