"""What every room may use: packets, planes, errors, files, databases, settings."""
