"""Sound: as long as the film, as loud as planned, music under voices, and broken files named."""

import math
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from rendering.engine import audio, mix
from rendering.engine.errors import MediaProcessingFailed
from rendering.engine.loudness import Loudness, limited, measure
from rendering.engine.source import RATE, Source, decoded
from rendering.engine.timeline import Sound
from tests.engine.pieces import ignore, timeline
from tests.footage import film, tone

Wave = NDArray[np.float32]


def made(folder: Path, sounds: list[Sound], assets: dict[str, Path], frames: int = 60, **more: Any) -> Loudness:
    return audio.make(timeline(frames, sounds=sounds, **more), assets, folder / "sound.m4a", ignore)


def heard(path: Path) -> Wave:
    return np.concatenate(list(decoded(path, path.name, 0.0, False)), axis=1)


def level(wave: Wave, hertz: float, start: float, end: float) -> float:
    """dB of one frequency in a stretch of the left channel."""
    part = wave[0, round(start * RATE) : round(end * RATE)] * np.hanning(round(end * RATE) - round(start * RATE))
    turn = np.exp(-2j * math.pi * hertz * np.arange(len(part)) / RATE)
    return float(20 * np.log10(abs(np.dot(part, turn)) * 4 / len(part) + 1e-9))


def mixed(sounds: list[Sound], assets: dict[str, Path], seconds: float) -> Wave:
    return np.concatenate(list(mix.mix(sounds, assets, round(seconds * RATE))), axis=1)


@pytest.mark.parametrize(("frames", "fps"), [(1, 30), (60, 30), (61, 24), (45, 7), (7, 60)])
def test_the_sound_is_exactly_as_long_as_the_film(tmp_path: Path, frames: int, fps: int) -> None:
    song = tone(tmp_path / "song.wav", 0.5)
    audio.make(timeline(frames, fps, [Sound("song", "music", loop=True)]), {"song": song}, tmp_path / "s.m4a", ignore)
    with av.open(str(tmp_path / "s.m4a")) as container:
        stream = container.streams.audio[0]
        last = [packet for packet in container.demux(stream) if packet.size][-1]
        assert (last.pts or 0) + (last.duration or 0) == round(frames * RATE / fps)
        assert (stream.codec_context.name, stream.codec_context.profile) == ("aac", "LC")
        assert (stream.rate, stream.layout.name, stream.start_time) == (RATE, "stereo", 0)


def test_a_film_without_sounds_gets_silence_of_its_length(tmp_path: Path) -> None:
    assert made(tmp_path, [], {}) == Loudness(None, None)
    wave = heard(tmp_path / "sound.m4a")
    assert wave.shape[1] >= 2 * RATE
    assert not wave.any()


def test_pure_silence_stays_silence(tmp_path: Path) -> None:
    still = tone(tmp_path / "still.wav", 2, level_db=-200)
    assert made(tmp_path, [Sound("still", "music")], {"still": still}).lufs is None
    assert np.abs(heard(tmp_path / "sound.m4a")).max() < 1e-4


@pytest.mark.parametrize("target", [-14.0, -23.0])
@pytest.mark.parametrize("source_db", [-50.0, -20.0, -1.0])
def test_the_film_is_as_loud_as_planned(tmp_path: Path, source_db: float, target: float) -> None:
    song = tone(tmp_path / "song.wav", 3, level_db=source_db)
    result = made(tmp_path, [Sound("song", "music")], {"song": song}, 90, loudness_lufs=target)
    assert result == measure(decoded(tmp_path / "sound.m4a", "sound", 0.0, False))
    assert result.lufs == pytest.approx(target, abs=0.5)
    assert result.peak_dbtp is not None
    assert result.peak_dbtp <= -1.0


def test_high_peaks_are_limited_and_the_target_is_still_met(tmp_path: Path) -> None:
    """Short bursts over silence: raised to the target they would go far over full scale."""
    random = np.random.default_rng(7)
    at = np.arange(4 * RATE)
    bursts = random.standard_normal(at.size) * 0.2 * np.exp(-16 * (at / RATE % 0.5))
    song = written(tmp_path / "bursts.wav", bursts)
    plain = measure(decoded(song, "song", 0.0, False))
    assert plain.lufs is not None
    assert plain.peak_dbtp is not None
    assert plain.peak_dbtp + (-14 - plain.lufs) > 2
    result = made(tmp_path, [Sound("song", "music")], {"song": song}, 120)
    assert result.lufs == pytest.approx(-14, abs=0.5)
    assert result.peak_dbtp is not None
    assert result.peak_dbtp <= -1.0


def test_the_meter_agrees_with_the_standards_own_test_tone(tmp_path: Path) -> None:
    """EBU Tech 3341, case 1: a stereo sine of 1000 Hz at -23 dBFS measures -23 LUFS."""
    sine = tone(tmp_path / "sine.wav", 20, 1000, -23.0)
    assert measure(decoded(sine, "sine", 0.0, False)).lufs == pytest.approx(-23.0, abs=0.1)


def test_the_meter_sees_peaks_between_samples(tmp_path: Path) -> None:
    """A quarter of the sampling rate at 45°: every sample is 3 dB below the wave's top."""
    wave = 0.5 * np.sin(2 * math.pi * 0.25 * np.arange(2 * RATE) + math.pi / 4) * np.hanning(2 * RATE)
    block = np.stack([wave, wave]).astype(np.float32)
    assert np.abs(block).max() == pytest.approx(0.3536, abs=0.001)
    assert measure([block]).peak_dbtp == pytest.approx(-6.02, abs=0.2)


def test_the_limiter_moves_nothing_in_time() -> None:
    click = np.zeros((2, RATE), np.float32)
    click[:, 24_000] = 0.3
    out = np.concatenate(list(limited([click[:, :20_000], click[:, 20_000:]], 0.0, -1.0)), axis=1)
    assert out.shape == click.shape
    assert int(np.abs(out[0]).argmax()) == 24_000


def test_music_goes_down_under_a_voice_and_comes_back(tmp_path: Path) -> None:
    assets = {"song": tone(tmp_path / "song.wav", 8, 300), "voice": tone(tmp_path / "voice.wav", 2, 3000)}
    sounds = [Sound("song", "music", duck_db=-10), Sound("voice", "voice", at=3)]
    wave = mixed(sounds, assets, 8)
    assert level(wave, 300, 1.0, 2.5) == pytest.approx(-20, abs=0.1)
    assert level(wave, 300, 3.0, 5.0) == pytest.approx(-30, abs=0.3)
    assert level(wave, 3000, 3.0, 5.0) == pytest.approx(-20, abs=0.1)
    assert level(wave, 300, 6.2, 7.8) == pytest.approx(-20, abs=0.1)


def test_ducking_is_smooth_and_down_before_the_first_word(tmp_path: Path) -> None:
    assets = {"song": tone(tmp_path / "song.wav", 4, 300), "voice": tone(tmp_path / "voice.wav", 1, 3000)}
    loud = mixed([Sound("song", "music"), Sound("voice", "voice", at=1.5)], assets, 4)
    ducked = mixed([Sound("song", "music", duck_db=-12), Sound("voice", "voice", at=1.5)], assets, 4)
    song = mixed([Sound("song", "music")], assets, 4)
    steps = np.abs(song[0]).reshape(-1, 480).max(axis=1)
    gains = 1 - np.abs(loud[0] - ducked[0]).reshape(-1, 480).max(axis=1) / steps
    assert gains[:125] == pytest.approx(1, abs=0.01)
    assert gains[151:249] == pytest.approx(10 ** (-12 / 20), abs=0.02)
    assert np.abs(np.diff(gains)).max() < 0.1
    assert gains[-20:] == pytest.approx(1, abs=0.01)


def test_a_silent_stretch_of_narration_lets_the_music_back(tmp_path: Path) -> None:
    words = np.zeros(4 * RATE)
    words[:RATE] = 0.1 * np.sin(2 * math.pi * 3000 * np.arange(RATE) / RATE)
    assets = {"song": tone(tmp_path / "song.wav", 4, 300), "voice": written(tmp_path / "voice.wav", words)}
    wave = mixed([Sound("song", "music", duck_db=-10), Sound("voice", "voice")], assets, 4)
    assert level(wave, 300, 0.1, 0.9) == pytest.approx(-30, abs=0.3)
    assert level(wave, 300, 2.5, 3.9) == pytest.approx(-20, abs=0.1)


def test_footage_is_never_ducked(tmp_path: Path) -> None:
    assets = {"shot": film(tmp_path / "shot.mp4", 2, sound=300), "voice": tone(tmp_path / "voice.wav", 2, 3000)}
    wave = mixed([Sound("shot", "footage", duck_db=-10, volume_db=-6), Sound("voice", "voice")], assets, 2)
    assert level(wave, 300, 0.2, 1.8) == pytest.approx(-26, abs=0.3)


def test_music_is_looped_faded_and_set_to_its_volume(tmp_path: Path) -> None:
    song = tone(tmp_path / "song.wav", 0.5, 400)
    sounds = [Sound("song", "music", loop=True, volume_db=-12, fade_in=1, fade_out=2)]
    wave = mixed(sounds, {"song": song}, 6)
    assert level(wave, 400, 1.5, 3.5) == pytest.approx(-32, abs=0.1)
    assert np.abs(wave[:, :480]).max() < 0.001
    assert np.abs(wave[:, -480:]).max() < 0.001
    assert level(wave, 400, 4.8, 5.2) == pytest.approx(-38, abs=0.6)


def test_a_song_that_ends_before_the_film_fades_at_its_own_end(tmp_path: Path) -> None:
    song = tone(tmp_path / "song.wav", 2, 400)
    wave = mixed([Sound("song", "music", fade_out=1)], {"song": song}, 4)
    assert np.abs(wave[:, round(1.98 * RATE) :]).max() < 0.001
    assert level(wave, 400, 0.1, 0.9) == pytest.approx(-20, abs=0.1)


def test_a_sound_plays_at_its_time_from_its_start_for_its_length(tmp_path: Path) -> None:
    song = written(tmp_path / "song.wav", np.where(np.arange(3 * RATE) < RATE, 0.0, 0.5))
    wave = mixed([Sound("song", "voice", at=1.25, start=0.75, duration=1.0)], {"song": song}, 4)
    loud = np.nonzero(np.abs(wave[0]) > 0.25)[0]
    assert (loud[0], loud[-1]) == (round(1.5 * RATE), round(2.25 * RATE) - 1)


@pytest.mark.parametrize("suffix", [".wav", ".mp3", ".m4a", ".flac", ".ogg"])
def test_every_format_is_read_at_its_level_and_length(tmp_path: Path, suffix: str) -> None:
    song = tone(tmp_path / f"song{suffix}", 2, 1000)
    wave = Source(song, "song").read(3 * RATE)
    assert level(wave, 1000, 0.2, 1.8) == pytest.approx(-20, abs=0.6)
    assert np.abs(wave[:, round(2.03 * RATE) :]).max() < 0.001


@pytest.mark.parametrize(("rate", "layout"), [(8000, "mono"), (11025, "stereo"), (44100, "5.1"), (96000, "mono")])
def test_any_rate_and_number_of_channels_is_resampled(tmp_path: Path, rate: int, layout: str) -> None:
    path = tmp_path / "odd.wav"
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("pcm_s16le", rate=rate, layout=layout)
        wave = (8000 * np.sin(2 * math.pi * 500 * np.arange(2 * rate) / rate)).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(np.repeat(wave, stream.channels).reshape(1, -1), format="s16", layout=layout)
        frame.sample_rate = rate
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    heard_wave = Source(path, "odd").read(2 * RATE)
    assert level(heard_wave, 500, 0.1, 1.9) > -20
    assert level(heard_wave, 500, 0.1, 1.0) == pytest.approx(level(heard_wave, 500, 1.0, 1.9), abs=0.2)


def test_footage_whose_sound_begins_late_stays_in_step(tmp_path: Path) -> None:
    path = tmp_path / "late.mkv"
    film(tmp_path / "shot.mkv", 2)
    with av.open(str(tmp_path / "shot.mkv")) as shot, av.open(str(path), "w") as container:
        video: Any = container.add_stream_from_template(shot.streams.video[0])
        sound: Any = container.add_stream("pcm_s16le", rate=RATE, layout="stereo")
        for packet in shot.demux():
            if packet.size:
                packet.stream = video
                container.mux(packet)
        block = np.full((1, 2 * RATE), 16_000, np.int16)
        frame = av.AudioFrame.from_ndarray(block, format="s16", layout="stereo")
        frame.sample_rate, frame.pts = RATE, RATE // 2
        container.mux(sound.encode(frame))
    wave = mixed([Sound("shot", "footage")], {"shot": path}, 2)
    loud = np.nonzero(np.abs(wave[0]) > 0.25)[0]
    assert loud[0] == pytest.approx(RATE // 2, abs=100)


def test_footage_without_sound_is_silent_but_a_silent_narration_is_an_error(tmp_path: Path) -> None:
    shot = {"shot": film(tmp_path / "shot.mp4", 1)}
    assert made(tmp_path, [Sound("shot", "footage")], shot).lufs is None
    with pytest.raises(MediaProcessingFailed, match="shot has no sound"):
        made(tmp_path, [Sound("shot", "voice")], shot)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "missing"),
        (b"", "cannot be read"),
        (b"this is not a song" * 200, "cannot be read"),
        (b"#EXTM3U\n#EXTINF:1,\n/etc/passwd\n", "cannot be read"),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", "cannot be read"),
    ],
    ids=["missing", "empty", "text", "playlist", "concat"],
)
def test_a_broken_sound_fails_by_name_and_for_good(tmp_path: Path, content: bytes | None, sentence: str) -> None:
    song = tmp_path / "song.mp3"
    if content is not None:
        song.write_bytes(content)
    with pytest.raises(MediaProcessingFailed, match=f"song-sha {sentence}|song-sha is {sentence}") as caught:
        made(tmp_path, [Sound("song-sha", "music", loop=True)], {"song-sha": song})
    assert caught.value.code == "media_processing_failed"
    assert caught.value.permanent
    assert not list(tmp_path.glob(".sound*"))
    assert not (tmp_path / "sound.m4a").exists()


def test_a_cut_song_fails_by_name(tmp_path: Path) -> None:
    song = tone(tmp_path / "song.m4a", 5)
    with av.open(str(song)) as whole, av.open(str(tmp_path / "fast.m4a"), "w", options={"movflags": "faststart"}) as to:
        stream = to.add_stream_from_template(whole.streams.audio[0])
        for packet in whole.demux():
            if packet.size:
                packet.stream = stream
                to.mux_one(packet)
    content = (tmp_path / "fast.m4a").read_bytes()
    song.write_bytes(content[: len(content) // 2])
    with pytest.raises(MediaProcessingFailed, match="song-sha"):
        made(tmp_path, [Sound("song-sha", "music")], {"song-sha": song}, 300)


def test_memory_does_not_grow_with_the_film(tmp_path: Path) -> None:
    """The mixer hands out one second at a time and keeps none of them."""
    song = {"song": tone(tmp_path / "song.wav", 1)}
    blocks = mix.mix([Sound("song", "music", loop=True)], song, 3600 * RATE)
    sizes = {next(blocks).shape for _ in range(5)}
    assert sizes == {(2, RATE)}


def test_the_request_of_the_parent_gives_the_sound_and_its_progress(tmp_path: Path) -> None:
    song = tone(tmp_path / "song.ogg", 1)
    events: list[dict[str, Any]] = []
    request = {
        "timeline": timeline(60, sounds=[Sound("song", "music", loop=True)]).to_json(),
        "assets": {"song": str(song)},
        "output": str(tmp_path / "sound.m4a"),
    }
    result = audio.handle(request, events.append)
    assert result["path"] == str(tmp_path / "sound.m4a")
    assert result["loudness_lufs"] == pytest.approx(-14, abs=0.5)
    assert result["true_peak_dbtp"] <= -1
    assert result["duration"] == pytest.approx(2.0, abs=1 / 30)
    assert events[:2] == [{"event": "progress", "done": RATE * n, "total": 2 * RATE} for n in (1, 2)]


def written(path: Path, wave: NDArray[np.float64]) -> Path:
    """A mono wave as a stereo WAV file."""
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("pcm_f32le", rate=RATE, layout="stereo")
        samples = np.repeat(wave.astype(np.float32), 2).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(samples, format="flt", layout="stereo")
        frame.sample_rate, frame.pts = RATE, 0
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path
