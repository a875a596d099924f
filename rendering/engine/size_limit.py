"""A finished film made to fit into so many bytes: two-pass H.264 at the bit rate that fills them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from rendering.engine.errors import SizeLimitTooSmall
from rendering.engine.finished import Report, draft_of, frames, opened
from rendering.engine.join import film_sound, sound_packets
from rendering.engine.loudness import frame_of
from rendering.engine.source import RATE, decoded

BT709, LIMITED = 1, 1
TRIES = 5
FULL = 0.88
"""Less than this share of the limit is too little, as long as more bits would be of use."""
AIM = 0.95
LEAST_RATE = 8_000.0
PLENTY = 2
"""Bits a pixel: more than any picture needs."""
SOUND_RATES = (128_000, 96_000, 64_000, 48_000)
SOUND_SHARE = 0.15
ROW = 28
"""Bytes that the film's index needs for a frame, at most."""


def handle(request: dict[str, Any], report: Report) -> dict[str, Any]:
    """The child's request `fit`: {path, plan: {frames, fps, width, height}, most_bytes, cuts, preset, output}.

    `cuts` are the frames that clips begin with: they stay key frames. The film itself, if it fits, is kept as it is.
    """
    source, output, most = Path(request["path"]), Path(request["output"]), request["most_bytes"]
    if source.stat().st_size <= most:
        return {"path": str(source), "again": False}
    with draft_of(output) as draft:
        Passes(source, draft, request["plan"], most, frozenset(request["cuts"]), request["preset"], report).fit()
    return {"path": str(output), "again": True}


class Passes:
    """One look at the film, then as many encodings as it takes to fill the limit and not to exceed it."""

    def __init__(
        self,
        source: Path,
        draft: Path,
        plan: dict[str, Any],
        most: int,
        cuts: frozenset[int],
        preset: str,
        report: Report,
    ) -> None:
        self.source, self.draft, self.plan, self.most = source, draft, plan, most
        self.cuts, self.preset, self.report = cuts, preset, report
        self.seconds = plan["frames"] / plan["fps"]
        self.stats = draft.with_suffix(".stats")
        self.sound = draft.with_suffix(".m4a")

    def fit(self) -> None:
        """Write the draft. Raises SizeLimitTooSmall."""
        try:
            heard = self.settle_sound()
            room = self.most * AIM - heard
            rate = max(LEAST_RATE, (room - self.plan["frames"] * ROW) * 8 / self.seconds)
            self.encode(1, rate)
            for _ in range(TRIES):
                self.encode(2, rate)
                size = self.draft.stat().st_size
                if size <= self.most and (size >= FULL * self.most or rate >= self.plenty()):
                    return
                if room <= 0 or (size > self.most and rate <= LEAST_RATE):
                    break
                rate = min(max(LEAST_RATE, rate * room / max(size - heard, 1)), self.plenty())
            if self.draft.stat().st_size > self.most:
                raise SizeLimitTooSmall(self.refusal())
        except av.error.ExternalError as error:  # x264 knows from the first pass that so few bits won't do
            raise SizeLimitTooSmall(self.refusal()) from error
        finally:
            self.sound.unlink(missing_ok=True)
            for left in self.stats.parent.glob(f"{self.stats.name}*"):
                left.unlink()

    def refusal(self) -> str:
        return f"The film does not fit into {self.most / 1_000_000:g} MB."

    def settle_sound(self) -> int:
        """Its sound as it is, or at the first bit rate that leaves the pictures enough; how many bytes it has."""
        copy_sound(self.source, self.sound)
        for rate in SOUND_RATES:
            if self.sound.stat().st_size <= self.most * SOUND_SHARE:
                break
            self.encode_sound(rate)
        return self.sound.stat().st_size

    def encode_sound(self, rate: int) -> None:
        at, total = 0, round(Fraction(self.plan["frames"] * RATE, self.plan["fps"]))
        with av.open(str(self.sound), "w", format="mp4", options={"movie_timescale": str(RATE)}) as container:
            audio: Any = container.add_stream("aac", rate=RATE, layout="stereo", options={"aac_coder": "fast"})
            audio.codec_context.bit_rate = rate
            for block in decoded(self.source, self.source.name, 0.0, False):
                part = block[:, : max(0, total - at)]
                if part.shape[1]:
                    container.mux(audio.encode(frame_of(part, at)))
                    at += part.shape[1]
            container.mux(audio.encode())

    def plenty(self) -> float:
        """Bits a second of which more would be for nothing."""
        return float(self.plan["width"] * self.plan["height"] * self.plan["fps"]) * PLENTY

    def encode(self, number: int, rate: float) -> None:
        """One pass; only the second one leaves a film."""
        if number == 1:
            with av.open(str(self.draft), "w", format="null") as nothing:
                for packet in self.pictures(self.h264(nothing, 1, rate)):
                    nothing.mux(packet)
            return
        fps = self.plan["fps"]
        options = {"movflags": "+faststart", "movie_timescale": str(math.lcm(RATE, fps))}
        with av.open(str(self.draft), "w", format="mp4", options=options) as film, film_sound(self.sound) as heard:
            video = self.h264(film, 2, rate)
            audio = film.add_stream_from_template(heard.streams.audio[0])
            audio.time_base = Fraction(1, RATE)
            sound = sound_packets(heard, audio)
            waiting = next(sound, None)
            for packet in self.pictures(video, self.plan["frames"]):
                while waiting is not None and waiting.dts * waiting.time_base <= packet.dts * packet.time_base:
                    film.mux(waiting)
                    waiting = next(sound, None)
                film.mux(packet)
            while waiting is not None:
                film.mux(waiting)
                waiting = next(sound, None)

    def pictures(self, video: Any, done_before: int = 0) -> Iterator[Any]:
        """The film's frames, encoded again."""
        fps, total = self.plan["fps"], self.plan["frames"]
        again = frames(self.source, total, self.report, done_before=done_before, of=2 * total)
        for place, frame in enumerate(again):
            frame.pts, frame.time_base = place, Fraction(1, fps)
            frame.pict_type = 1 if place in self.cuts else 0
            yield from lasting(video.encode(frame))
        yield from lasting(video.encode())

    def h264(self, film: Any, number: int, rate: float) -> Any:
        """The pictures' stream, of the same profile and colours as the segments'."""
        fps = self.plan["fps"]
        stream = film.add_stream("libx264", rate=fps)
        stream.width, stream.height, stream.pix_fmt = self.plan["width"], self.plan["height"], "yuv420p"
        context = stream.codec_context
        context.time_base = Fraction(1, fps)
        context.bit_rate = int(rate)
        context.thread_count = 2
        context.color_primaries = context.color_trc = context.colorspace = BT709
        context.color_range = LIMITED
        context.options = {
            "preset": self.preset,
            "profile": "high",
            "forced-idr": "1",
            "stats": str(self.stats),
            "x264-params": f"pass={number}:open-gop=0:keyint={fps * 2}:force-cfr=1:8x8dct=1",
        }
        return stream


def lasting(packets: list[Any]) -> Iterator[Any]:
    """Each packet shows one frame."""
    for packet in packets:
        packet.duration = 1
        yield packet


def copy_sound(source: Path, output: Path) -> None:
    """The film's sound track by itself, its packets as they are."""
    with (
        opened(source) as film,
        av.open(str(output), "w", format="mp4", options={"movie_timescale": str(RATE)}) as container,
    ):
        audio = container.add_stream_from_template(film.streams.audio[0])
        audio.time_base = Fraction(1, RATE)
        for packet in film.demux(film.streams.audio[0]):
            if packet.size:
                packet.stream = audio
                container.mux(packet)
