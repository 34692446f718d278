"""Mel cepstra as Kaldi's OnlineMfcc computes them with OPTIONS, frame for frame.

25 ms frames every 10 ms at 8 kHz, whole frames only (snip-edges), samples on the scale of int16, DC removed,
pre-emphasis 0.97, Povey's window, power spectrum of 256 points, 40 mel bands, logarithm, DCT, lifter 22.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float32]
RATE = 8000
BANDS = 40
LENGTH, SHIFT, POINTS = 200, 80, 256
LOW, HIGH = 40.0, RATE / 2 - 200.0
PREEMPHASIS, LIFTER = 0.97, 22.0

OPTIONS = f"""\
--sample-frequency={RATE}
--use-energy=false
--num-mel-bins={BANDS}
--num-ceps={BANDS}
--low-freq=40
--high-freq=-200
--dither=0
"""
"""conf/mfcc.conf of the models: what this module does, for libvosk. Dither 0 makes decoding repeatable."""


def mfcc(samples: npt.NDArray[np.int16]) -> Matrix:
    """Shape (frames, 40); no rows for less than 25 ms."""
    if len(samples) < LENGTH:
        return np.zeros((0, BANDS), np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(samples, LENGTH)[::SHIFT].astype(np.float64)
    frames = frames - frames.mean(axis=1, keepdims=True)
    before = np.concatenate([frames[:, :1], frames[:, :-1]], axis=1)
    frames = (frames - PREEMPHASIS * before) * _WINDOW
    power = np.abs(np.fft.rfft(frames, POINTS)) ** 2
    bands = np.log(np.maximum(power[:, : POINTS // 2] @ _MEL, np.finfo(np.float32).eps))
    return (bands @ _DCT).astype(np.float32)


def _mel(frequency: npt.NDArray[np.float64] | float) -> npt.NDArray[np.float64]:
    return np.asarray(1127.0 * np.log1p(np.asarray(frequency) / 700.0))


def _window() -> npt.NDArray[np.float64]:
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(LENGTH) / (LENGTH - 1))
    return np.asarray(hann**0.85)


def _mel_matrix() -> npt.NDArray[np.float64]:
    """(bins, bands): triangles that are even in mel, not in Hz."""
    edges = np.linspace(_mel(LOW), _mel(HIGH), BANDS + 2)
    bins = _mel(np.arange(POINTS // 2) * RATE / POINTS)[:, None]
    left, centre, right = edges[:-2], edges[1:-1], edges[2:]
    return np.maximum(0.0, np.minimum((bins - left) / (centre - left), (right - bins) / (right - centre)))


def _dct_matrix() -> npt.NDArray[np.float64]:
    """(bands, cepstra): orthonormal DCT-II with the lifter folded in."""
    band, cepstrum = np.arange(BANDS)[:, None], np.arange(BANDS)[None, :]
    dct = np.sqrt(2.0 / BANDS) * np.cos(np.pi / BANDS * (band + 0.5) * cepstrum)
    dct[:, 0] = np.sqrt(1.0 / BANDS)
    return np.asarray(dct * (1.0 + 0.5 * LIFTER * np.sin(np.pi * np.arange(BANDS) / LIFTER)))


_WINDOW, _MEL, _DCT = _window(), _mel_matrix(), _dct_matrix()
