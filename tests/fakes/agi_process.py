"""An AGI process with a fake directory, as `python -m tests.fakes.agi_process PORT`."""

import sys

from pbx.agi.process import run
from pbx.interface import CallerCard
from tests.fakes.directory import FakeDirectory

if __name__ == "__main__":
    run(
        "127.0.0.1",
        int(sys.argv[1]),
        lambda: FakeDirectory({"+380671234567": CallerCard("018f", "Олена")}),
        "UA",
    )
