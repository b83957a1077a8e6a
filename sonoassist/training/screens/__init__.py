"""Training of the network that reads scanner screens, on phantom screens alone."""
