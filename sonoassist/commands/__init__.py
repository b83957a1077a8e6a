"""The commands: each module adds its own to the command line; heavy imports happen inside."""
