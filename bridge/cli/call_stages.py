"""What `omniline call` prints: each stage with its time as it comes, the words, and whose timeline it is."""

from __future__ import annotations

import json
from typing import Any

import click

from bridge.domain.times import parse_iso


class StagePrinter:
    """Takes the call's detail again and again, and prints what is new; `as_json` prints one object a stage."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._printed: set[str] = set()

    def print_stages(self, call: dict[str, Any]) -> None:
        """A stage of the browser may come in after a later one."""
        started = parse_iso(call["started_at"])
        for stage in call["stages"]:
            line = json.dumps({"call_id": call["id"], "stage": stage["stage"], **stage})
            if line in self._printed:
                continue
            self._printed.add(line)
            seconds = (parse_iso(stage["at"]) - started).total_seconds()
            click.echo(line if self._as_json else f"{seconds:8.3f} s  {_text_of(stage)}")

    def print_end(self, call: dict[str, Any]) -> None:
        if self._as_json:
            return
        for recording in call["recordings"]:
            for said in (recording["transcript"] or {}).get("utterances", ()):
                click.echo(f"{'':12}{said['speaker']}: {said['text']}")
        if call["customer_id"]:
            place = f"on the timeline of {call['customer_name'] or call['caller']}"
        else:
            place = "on no timeline, for nobody is known"
        click.echo(f"call {call['id']}: {call['outcome']}, {place}")


def has_its_words(call: dict[str, Any]) -> bool:
    """Whether nothing more is to come: each recording of an ended call has its transcript, or will have none."""
    return call["state"] == "ended" and not any(
        recording["state"] == "recording" or (recording["transcript"] or {}).get("state") == "waiting"
        for recording in call["recordings"]
    )


def _text_of(stage: dict[str, Any]) -> str:
    name = stage["stage"].replace("_", " ")
    if name == "transcript":
        name = "no transcript" if stage.get("detail") else "transcript on the timeline"
    who = f"  {stage['extension']}" if stage.get("extension") else ""
    detail = f"  ({stage['detail']})" if stage.get("detail") else ""
    return f"{name}{who}{detail}"
