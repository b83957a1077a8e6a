"""The analysis of one frame: preprocessing, network and localisation together, no threads."""
