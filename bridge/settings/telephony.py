"""Asterisk, its queues and numbers, the agents' phones, and the words of calls."""

from __future__ import annotations

from typing import Literal

import msgspec

from bridge.settings.values import Language, Port, Seconds

ProfileName = Literal[
    "microsip", "linphone", "zoiper", "bria", "browser-phone", "desk-phone", "baresip", "name-only", "other"
]
RungName = Literal["message", "call_info", "card_header", "ringing"]
Strategy = Literal["ringall", "leastrecent", "fewestcalls", "random", "rrmemory", "linear", "wrandom"]


class Sip(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Phones and carriers."""

    host: str = "127.0.0.1"
    """The IP address of SIP and media; the default reaches this machine only."""
    port: Port = 5060
    """SIP over UDP and TCP. Browser phones come by `asterisk.http_port`."""
    rtp_start: Port = 10000
    """The first UDP port of the range for media; a call takes four."""
    rtp_end: Port = 10199
    """The last port of that range."""


class Asterisk(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The Asterisk of this home."""

    http_port: Port = 8088
    """The port of Asterisk's own web server: the WebSocket of phones in a browser."""
    name: str = "pbx1"
    """The name of this Asterisk node: half of a call's key."""


class Agi(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The process that Asterisk asks who is calling."""

    port: Port = 4573
    """Its TCP port on 127.0.0.1."""


class Ami(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The Asterisk Manager Interface, how Omniline hears what happens to calls."""

    port: Port = 5038
    """Its TCP port on 127.0.0.1."""


class QueueDefaults(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What all queues have in common."""

    ring_seconds: Seconds = 20
    """How long an agent's phone rings before the next try."""
    wait_seconds: Seconds = 60
    """How long a caller waits before voicemail."""


class Did(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A number of ours. Written as `[[dids]]`, once for each."""

    number: str
    """The number in E.164, such as `+380445550100`."""
    queue: str
    """The queue that its callers wait in."""
    language: Language = "en"
    """The language they are greeted in."""


class Queue(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An Asterisk queue. Written as `[[queues]]`, once for each."""

    name: str
    """Its name in Asterisk: lower-case letters, digits, `-` and `_`."""
    members: tuple[str, ...] = ()
    """The extensions of its members."""
    strategy: Strategy = "ringall"
    """Who rings: everybody at once (`ringall`), or one after another by Asterisk's rule of this name."""


class Phone(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What an agent's phone can show. Written as `[[phones]]`, once for each that is not of the profile `other`."""

    extension: str
    """The agent's extension."""
    profile: ProfileName = "other"
    """The make of phone, by which the rungs are chosen: docs/howto/connect-a-softphone.md."""
    rungs: tuple[RungName, ...] | None = None
    """The rungs that are on, where they are not those of the profile: `message`, `call_info`, `card_header`, `ringing`."""


class Models(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Vosk models by language, as `omniline models list` names them. Without one, calls of that language have no words."""

    en: str = "en-telephone-small"
    """The model for English. The small ones come with Omniline and know the sample's words only."""
    ru: str = "ru-telephone-small"
    """The model for Russian."""
    uk: str = "uk-telephone-small"
    """The model for Ukrainian."""

    def by_language(self) -> dict[str, str]:
        return {"en": self.en, "ru": self.ru, "uk": self.uk}


class Transcripts(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Speech to text, after the call."""

    models: Models = Models()
