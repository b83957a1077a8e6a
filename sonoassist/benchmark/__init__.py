"""Table IV for this computer: how fast the networks, the program and its start are."""
