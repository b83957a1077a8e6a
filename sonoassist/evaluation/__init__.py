"""The tables of the paper, III to VII, and calibration."""
