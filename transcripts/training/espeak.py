"""Speech with the exact time of every phone: libespeak-ng through ctypes.

A library is one state machine for the whole process (voice, rate, callback): use it from one thread, and from
one process for each worker. Two versions side by side do not disturb each other. Events and their layout:
espeak-ng's speak_lib.h.
"""

from __future__ import annotations

import contextlib
import ctypes
import itertools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from transcripts.interface import Rejected

LIBRARY = "libespeak-ng.so.1"
_NEEDED_BY_IT = ("libsonic.so.0", "libpcaudio.so.0")
SILENCE = "SIL"

_SYNCHRONOUS, _PHONEME_EVENTS_NO_EXIT = 2, 0x8001
_END_OF_LIST, _WORD, _PHONEME = 0, 1, 7
_RATE, _PITCH, _RANGE, _WORD_GAP = 1, 3, 4, 7
_UTF8 = 1
_PAUSES = {"", "_", "_:", "_|", "_!", "_^_"}
_PALATALISED = ";"  # part of the consonant before it; after a vowel it says nothing
_VOWELS = frozenset("aeiouyAEIOUV@038")
_DROPPED = {"-", "'", ","}


class _Id(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Id),
    )


_Callback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)


@dataclass(frozen=True, slots=True)
class Voice:
    """How it is spoken: an espeak-ng voice with variant (`uk+f2`), words a minute, pitch and its range (0 to 99)."""

    name: str
    rate: int = 160
    pitch: int = 50
    pitch_range: int = 50
    word_gap: int = 0


@dataclass(frozen=True, slots=True)
class Phone:
    """A phone of the word number `word` of the text (-1 in a pause); `start` and `end` in samples."""

    name: str
    word: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Spoken:
    """int16 samples at `Espeak.rate`, and the phones that cover them."""

    samples: npt.NDArray[np.int16]
    phones: tuple[Phone, ...]


class Espeak:
    """One library, opened: the machine's own, or that in `folder`, beside its data and what it needs.

    Raises Rejected where it is not installed.
    """

    def __init__(self, folder: Path | None = None) -> None:
        try:
            if folder:
                for needed in _NEEDED_BY_IT:
                    ctypes.CDLL(str(folder / needed))
            self._library = ctypes.CDLL(str(folder / LIBRARY) if folder else LIBRARY)
        except OSError as error:
            raise Rejected(f"there is no {LIBRARY}: install the package espeak-ng ({error})") from error
        data = str(folder).encode() if folder else None
        self.rate = self._library.espeak_Initialize(_SYNCHRONOUS, 0, data, _PHONEME_EVENTS_NO_EXIT)
        if self.rate <= 0:
            raise Rejected("espeak-ng does not start: is the package espeak-ng-data installed?")
        self._library.espeak_Info.restype = ctypes.c_char_p
        self.version = ".".join(self._library.espeak_Info(None).decode().split(".")[:2])
        self._chunks: list[npt.NDArray[np.int16]] = []
        self._events: list[tuple[int, int, int, int, str]] = []
        self._callback = _Callback(self._take)
        self._library.espeak_SetSynthCallback(self._callback)

    def speak(self, words: tuple[str, ...], voice: Voice) -> Spoken:
        """Speaks `words` as one sentence. Raises Rejected for a voice that espeak-ng does not know."""
        if self._library.espeak_SetVoiceByName(voice.name.encode()) != 0:
            raise Rejected(f"espeak-ng has no voice {voice.name}")
        for parameter, value in (
            (_RATE, voice.rate), (_PITCH, voice.pitch), (_RANGE, voice.pitch_range), (_WORD_GAP, voice.word_gap)
        ):  # fmt: skip
            self._library.espeak_SetParameter(parameter, value, 0)
        self._chunks, self._events = [], []
        text = " ".join(words).encode()
        self._library.espeak_Synth(text, len(text) + 1, 0, 1, 0, _UTF8, None, None)
        samples = np.concatenate(self._chunks) if self._chunks else np.zeros(0, np.int16)
        return Spoken(samples, _phones(self._events, words, len(samples)))

    def _take(
        self, wave: ctypes._Pointer[ctypes.c_short], count: int, events: ctypes._Pointer[_Event]
    ) -> int:
        if wave and count > 0:
            self._chunks.append(np.ctypeslib.as_array(wave, (count,)).copy())
        position = 0
        while (event := events[position]).type != _END_OF_LIST:
            name = event.id.string.decode("utf-8", "replace") if event.type == _PHONEME else ""
            self._events.append((event.type, event.text_position, event.length, event.sample, name))
            position += 1
        return 0


def open_espeaks(folder: Path | None) -> tuple[Espeak, ...]:
    """One for each version there is: the machine's own, then that in `folder`. Raises Rejected where there is none."""
    found = []
    with contextlib.suppress(Rejected):
        found.append(Espeak())  # first: asked for by its bare name, the loader gives what is open already
    if folder and (folder / LIBRARY).is_file():
        beside = Espeak(folder)
        found += [beside] if beside.version not in {espeak.version for espeak in found} else []
    if not found:
        raise Rejected(f"there is no {LIBRARY}: install the package espeak-ng")
    return tuple(found)


def _phones(
    events: list[tuple[int, int, int, int, str]], words: tuple[str, ...], end: int
) -> tuple[Phone, ...]:
    """A phone lasts until the next event that has a time of its own; pauses belong to no word."""
    word_at = _word_by_position(words)
    found: list[Phone] = []
    word = -1
    for kind, position, length, sample, name in events:
        if kind == _WORD and length > 0:
            word = word_at(position - 1)
        elif kind == _PHONEME and name == _PALATALISED and found:
            found[-1] = Phone(_named(found[-1].name + name), found[-1].word, found[-1].start, end)
        elif kind == _PHONEME and name not in _DROPPED:
            pause = name in _PAUSES
            found.append(Phone(SILENCE if pause else _named(name), -1 if pause else word, sample, end))
    return tuple(
        Phone(phone.name, phone.word, phone.start, after.start if after else end)
        for phone, after in itertools.zip_longest(found, found[1:])
    )


def _named(phone: str) -> str:
    return phone.rstrip(_PALATALISED) if phone[0] in _VOWELS else phone


def _word_by_position(words: tuple[str, ...]) -> Callable[[int], int]:
    """Position in the text, in characters from 0 -> index of the word that stands there."""
    starts = list(itertools.accumulate((len(word) + 1 for word in words), initial=0))

    def word_at(position: int) -> int:
        return max(i for i, start in enumerate(starts[:-1]) if start <= max(position, 0))

    return word_at
