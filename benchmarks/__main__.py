"""`python -m benchmarks [NAME…] [--size small|full] [--json FILE]`: a table on the terminal, JSON in a file.

Exits with 1 when a goal was missed in a valid run, with 2 when a run is void.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import sys
from pathlib import Path

from benchmarks.harness import Result, Size, as_json, render

NAMES = [
    "agi_cost",
    "agi_tail",
    "ami_keepup",
    "ami_parse",
    "asr_overhead",
    "bus",
    "call_tax",
    "card_flat",
    "card_pg",
    "card_sqlite",
    "find_customer",
    "find_words",
    "ingest_durable",
    "inlet_soak",
    "mail_flood",
    "pop_latency",
    "pop_under_speech",
    "restart",
    "timeline_deep",
    "ws_fanout",
]
RESULTS = Path("build/benchmarks.json")


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="benchmarks", description="Ratios to peers and to limits, measured in one run."
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which ones: {', '.join(NAMES)} (all)")
    parser.add_argument("--size", type=Size, choices=list(Size), default=os.environ.get("SIZE") or Size.FULL)
    parser.add_argument("--json", type=Path, default=RESULTS, help="where the figures go")
    arguments = parser.parse_args()
    if unknown := sorted(set(arguments.names) - set(NAMES)):
        parser.error(f"no benchmark {', '.join(unknown)}; there are {', '.join(NAMES)}")
    results = []
    for name in arguments.names or NAMES:
        print(f"{name}: measuring", flush=True)
        result: Result = importlib.import_module(f"benchmarks.{name}").run(Size(arguments.size))
        print(render(result), flush=True)
        results.append(result)
    arguments.json.parent.mkdir(parents=True, exist_ok=True)
    document = {
        "machine": platform.platform(),
        "python": platform.python_version(),
        "results": [as_json(result) for result in results],
    }
    arguments.json.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    if any(result.void for result in results):
        return 2
    return 0 if all(result.passed for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
