"""The local provider's soundtracks: exact, level, clean and the same everywhere."""

from __future__ import annotations

import os
import subprocess
import sys
import wave
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rendering.providers.base import ProviderError
from rendering.providers.local import LocalProvider, harmony, music
from rendering.providers.local.instruments import RATE

PROVIDER = LocalProvider()
MOODS = ("A morning by the sea", "storm and night", "product launch energy", "coffee at home", "data and code")


def samples(path: Path) -> np.ndarray:
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (2, 2, 48_000)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2) / 32768


@pytest.fixture(scope="module")
def pieces(tmp_path_factory: pytest.TempPathFactory) -> dict[str, np.ndarray]:
    folder = tmp_path_factory.mktemp("music")
    result = {}
    for number, mood in enumerate(MOODS):
        PROVIDER.make_soundtrack(mood, 9.5, folder / f"{number}.wav")
        result[mood] = samples(folder / f"{number}.wav")
    return result


@pytest.mark.parametrize("seconds", [1, 5, 7.35, 17.04])
def test_it_is_exactly_as_long_as_asked(tmp_path: Path, seconds: float) -> None:
    PROVIDER.make_soundtrack("calm", seconds, tmp_path / "a.wav")
    assert len(samples(tmp_path / "a.wav")) == round(seconds * RATE)


def test_it_is_never_louder_than_three_below_full(pieces: dict[str, np.ndarray]) -> None:
    for mood, sound in pieces.items():
        peak = 20 * np.log10(np.abs(sound).max())
        assert -12 < peak <= -3, mood


def test_it_is_never_silent_until_its_fade(pieces: dict[str, np.ndarray]) -> None:
    for mood, sound in pieces.items():
        heard = sound[RATE // 4 : -3 * RATE]
        blocks = heard[: len(heard) // 12_000 * 12_000].reshape(-1, 12_000, 2)
        level = 20 * np.log10(np.sqrt((blocks**2).mean(axis=(1, 2))))
        assert level.min() > -40, mood
        assert level.max() - level.min() < 26, mood


def test_it_begins_and_ends_in_silence_without_a_click(pieces: dict[str, np.ndarray]) -> None:
    for sound in pieces.values():
        assert np.abs(sound[:8]).max() < 0.002
        assert np.abs(sound[-8:]).max() < 0.002
        assert np.abs(np.diff(sound, axis=0)).max() < 0.45
        assert np.abs(sound.mean(axis=0)).max() < 0.002, "no direct current"


def test_it_is_stereo_and_warm(pieces: dict[str, np.ndarray]) -> None:
    for sound in pieces.values():
        assert 0.05 < np.corrcoef(sound.T)[0, 1] < 0.95
        power = np.abs(np.fft.rfft(sound.mean(axis=1))) ** 2
        pitch = np.fft.rfftfreq(len(sound), 1 / RATE)
        assert power[(pitch > 60) & (pitch < 1500)].sum() > 0.6 * power.sum()
        assert power[pitch < 25].sum() < 0.01 * power.sum()


def test_the_same_words_give_the_same_bytes_and_others_another_piece(tmp_path: Path) -> None:
    paths = [tmp_path / f"{n}.wav" for n in range(3)]
    for path, mood in zip(paths, ("Calm sea", "calm  SEA", "calm lake"), strict=True):
        PROVIDER.make_soundtrack(mood, 6, path)
    one, same, other = (path.read_bytes() for path in paths)
    assert one == same != other


def test_another_machine_plays_the_same_bytes(tmp_path: Path) -> None:
    """NumPy without the processor's vector units stands for the other machine."""
    PROVIDER.make_soundtrack("night", 6, tmp_path / "here.wav")
    code = (
        "import sys; from pathlib import Path; from rendering.providers.local import music;"
        "music.compose('night', 6, Path(sys.argv[1]))"
    )
    env = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "NPY_DISABLE_CPU_FEATURES": "X86_V4 X86_V3",
    }
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "there.wav")], env=env, check=True)
    assert (tmp_path / "here.wav").read_bytes() == (tmp_path / "there.wav").read_bytes()


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=40), st.floats(1, 600))
def test_every_score_fits_its_length_and_its_scale(mood: str, seconds: float) -> None:
    score = harmony.score(mood, seconds)
    assert [note.at for note in score.notes] == sorted(note.at for note in score.notes)
    assert all(0 <= note.at < seconds + 4 for note in score.notes)
    assert all(24 <= note.pitch <= 100 for note in score.notes if note.voice not in ("shaker", "kick"))
    tones = {int(note.pitch) % 12 for note in score.notes if note.voice in ("pad", "bell", "pluck", "bass")}
    assert len(tones) <= 7, "all in one key"
    chords = [note.pitch for note in score.notes if note.voice == "pad"]
    assert harmony.LOWEST <= min(chords) <= max(chords) <= harmony.HIGHEST


def test_a_mood_is_heard_from_the_words() -> None:
    slow, quick = harmony.score("night and storm", 60), harmony.score("launch energy", 60)
    assert (slow.mood, quick.mood) == ("deep", "bright")
    assert slow.tempo < 75 < 88 < quick.tempo


def test_no_note_rings_longer_than_its_room() -> None:
    for seconds in (5.0, 61.0):
        for note in harmony.score("calm", seconds).notes:
            assert note.length + 2.6 < music.ROOM / RATE


@pytest.mark.parametrize("seconds", [0, 0.9, 3601, float("nan")])
def test_a_length_that_cannot_be_played_is_said_so(tmp_path: Path, seconds: float) -> None:
    with pytest.raises(ProviderError, match="3600"):
        PROVIDER.make_soundtrack("calm", seconds, tmp_path / "a.wav")


def test_it_says_that_it_is_local_and_costs_nothing(tmp_path: Path) -> None:
    made = PROVIDER.make_soundtrack("calm", 1, tmp_path / "a.wav")
    assert (made.provider, made.model, made.cost) == ("local", "local/music-1", Decimal("0"))
    assert (made.quantity, made.unit) == (Decimal("1"), "second")
