"""A parent that keeps an AGI process, as `python -m tests.fakes.agi_parent`.

Prints `PORT CHILD_PID` once; then, for each line on its input, `CHILD_PID RESTARTS`; leaves at end of input.
"""

import asyncio
import sys

import structlog

from pbx.agi.child import AgiChild


async def main() -> None:
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    child = AgiChild([sys.executable, "-m", "tests.fakes.agi_process", "0"])
    print(await child.start(), child.pid, flush=True)
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    while await reader.readline():
        print(child.pid, child.restarts, flush=True)
    await child.stop()


if __name__ == "__main__":
    asyncio.run(main())
