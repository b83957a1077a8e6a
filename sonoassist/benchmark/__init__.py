"""Speed of this machine: Table IV, the whole program, start-up."""
