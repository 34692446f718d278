"""The other side of each channel, for tests and for trying things out without the internet."""
