"""The command line: `omniline …`, one file per group of commands, each imported only when it is asked for."""

from bridge.cli.main import main

__all__ = ["main"]
