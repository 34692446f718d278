"""The other side of each channel, for tests and for trying things out without the internet."""

from __future__ import annotations

from typing import Final

TELEGRAM: Final = "sample"
WHATSAPP: Final = "1000000000001"
SHOP: Final = "sample"
INBOXES: Final = (("telegram", TELEGRAM), ("whatsapp", WHATSAPP), ("shop", SHOP))
"""Those of the sample company, by channel and key."""
FILE: Final = "simulators.json"
"""In the home, while they run: how they are asked."""
