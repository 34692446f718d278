"""What a telephone does to speech: rate and band, level, noise, the codec; and what is heard there that is no speech.

G.711 is exact; GSM 06.10 is sox's.
"""

from __future__ import annotations

import audioop
import subprocess

import numpy as np
import numpy.typing as npt

from transcripts.interface import Rejected

Samples = npt.NDArray[np.float64]
RATE = 8000
FULL_SCALE = 32768.0
_SOX_RAW = ("-t", "raw", "-r", "8000", "-e", "signed-integer", "-b", "16", "-c", "1", "-")
_SOX_GSM = ("-t", "gsm", "-r", "8000", "-c", "1", "-")


def resample(samples: npt.NDArray[np.int16], rate: int, factor: float, band: tuple[float, float]) -> Samples:
    """`samples` of `rate` at 8 kHz and `factor` times as fast (so pitch and formants rise), cut to `band` in Hz.

    By the spectrum: what lies above the band is dropped there, so nothing is aliased.
    """
    count = max(RATE // 10, round(len(samples) * RATE / (rate * factor)))
    spectrum = np.fft.rfft(samples.astype(np.float64))
    kept = np.zeros(count // 2 + 1, complex)
    shared = min(len(kept), len(spectrum))
    kept[:shared] = spectrum[:shared]
    frequencies = np.fft.rfftfreq(count, 1 / RATE)
    low, high = band
    rise = np.clip((frequencies - low * 0.6) / (low * 0.4), 0, 1)
    fall = np.clip((high * 1.06 - frequencies) / (high * 0.06), 0, 1)
    kept *= np.sin(np.pi / 2 * rise) * np.sin(np.pi / 2 * fall)
    return np.fft.irfft(kept, count) * (count / max(len(samples), 1))


def resample_crudely(samples: npt.NDArray[np.int16], rate: int, factor: float) -> Samples:
    """The same along straight lines from sample to sample, with what is aliased by it: as cheap telephones do."""
    coarse, _ = audioop.ratecv(samples.tobytes(), 2, 1, round(rate * factor), RATE, None)
    return np.frombuffer(coarse, np.int16).astype(np.float64)


def distort(samples: Samples, rng: np.random.Generator) -> npt.NDArray[np.int16]:
    """A level, noise on three calls of four, silence suppression on some, a codec on most."""
    peak = FULL_SCALE * 10 ** (rng.uniform(-24, -1) / 20)
    speech = samples * (peak / max(float(np.abs(samples).max()), 1.0))
    if rng.random() < 0.75:
        power = float(np.sqrt(np.mean(speech**2)))
        speech = speech + noise(len(speech), rng) * power * 10 ** (-rng.uniform(12, 45) / 20)
    if rng.random() < 0.15:
        speech = np.where(np.abs(speech) < rng.uniform(4, 40), 0.0, speech)
    quantised = to_int16(speech)
    through = (through_alaw, through_ulaw, through_gsm, _unchanged)[rng.choice(4, p=(0.35, 0.35, 0.15, 0.15))]
    return through(quantised)


def through_alaw(samples: npt.NDArray[np.int16]) -> npt.NDArray[np.int16]:
    """Coded and decoded by G.711 A-law."""
    decoded = audioop.alaw2lin(audioop.lin2alaw(samples.tobytes(), 2), 2)
    return np.frombuffer(decoded, np.int16)


def through_ulaw(samples: npt.NDArray[np.int16]) -> npt.NDArray[np.int16]:
    """Coded and decoded by G.711 mu-law."""
    decoded = audioop.ulaw2lin(audioop.lin2ulaw(samples.tobytes(), 2), 2)
    return np.frombuffer(decoded, np.int16)


def through_gsm(samples: npt.NDArray[np.int16]) -> npt.NDArray[np.int16]:
    """Coded and decoded by GSM 06.10, filled up to whole frames of 20 ms. Raises Rejected where sox is missing."""
    coded = _sox(*_SOX_RAW, *_SOX_GSM, data=samples.tobytes())
    return np.frombuffer(_sox(*_SOX_GSM, *_SOX_RAW, data=coded), np.int16)


def _sox(*arguments: str, data: bytes) -> bytes:
    try:
        # -D: no dither, which is another noise each time
        return subprocess.run(["sox", "-D", *arguments], input=data, capture_output=True, check=True).stdout
    except FileNotFoundError as error:
        raise Rejected("there is no sox, which codes GSM: install the package sox") from error
    except subprocess.CalledProcessError as error:
        raise Rejected(f"sox cannot code GSM: {error.stderr.decode('utf-8', 'replace').strip()}") from error


def _unchanged(samples: npt.NDArray[np.int16]) -> npt.NDArray[np.int16]:
    return samples


def to_int16(samples: Samples) -> npt.NDArray[np.int16]:
    return np.clip(np.rint(samples), -32768, 32767).astype(np.int16)


def noise(count: int, rng: np.random.Generator) -> Samples:
    """Noise of unit power whose spectrum falls by 0 to 9 dB an octave."""
    spectrum = np.fft.rfft(rng.standard_normal(count))
    frequencies = np.maximum(np.fft.rfftfreq(count, 1 / RATE), 50.0)
    coloured = np.fft.irfft(spectrum * frequencies ** -rng.uniform(0, 1.5), count)
    return coloured / max(float(np.sqrt(np.mean(coloured**2))), 1e-9)


def non_speech(rng: np.random.Generator) -> npt.NDArray[np.int16]:
    """1 to 4 s of what a telephone line carries besides speech; a recogniser that never met it hears words in it."""
    count = int(rng.uniform(1, 4) * RATE)
    time = np.arange(count) / RATE
    kind = rng.integers(6)
    level = FULL_SCALE * 10 ** (rng.uniform(-40, -3) / 20)
    if kind == 0:
        wave = np.sin(2 * np.pi * rng.uniform(200, 3000) * time)
    elif kind == 1:  # DTMF, ITU-T Q.23
        low, high = rng.choice([697, 770, 852, 941]), rng.choice([1209, 1336, 1477, 1633])
        wave = (np.sin(2 * np.pi * low * time) + np.sin(2 * np.pi * high * time)) / 2
        wave *= (time % 0.25) < 0.12
    elif kind == 2:  # ringback
        wave = np.sin(2 * np.pi * rng.choice([425, 440, 480]) * time) * ((time % 3) < 1)
    elif kind == 3:
        wave = noise(count, rng) / 4
    elif kind == 4:
        wave = np.zeros(count)
    else:  # mains hum
        wave = np.sum([np.sin(2 * np.pi * 50 * k * time) / k for k in (1, 2, 3, 5)], axis=0)
    return through_alaw(to_int16(wave * level))
