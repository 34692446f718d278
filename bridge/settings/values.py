"""Kinds of value that several tables have."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]
Seconds = Annotated[int, msgspec.Meta(ge=0, le=3600)]
Language = Literal["en", "ru", "uk"]
