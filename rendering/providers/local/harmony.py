"""The score of a soundtrack: chords, a bass, plucked figures, a tune and a light rhythm, fitted to a length."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from rendering.providers.local.dice import Dice, plain

Voice = Literal["pad", "pluck", "bell", "bass", "kick", "shaker"]
SCALES = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "lydian": (0, 2, 4, 6, 7, 9, 11),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "minor": (0, 2, 3, 5, 7, 8, 10),
}
BEATS = 4
LOWEST, HIGHEST = 52, 77
"""MIDI pitches between which the chords stay."""


@dataclass(frozen=True)
class Mood:
    """How a piece moves, and the words that ask for it."""

    hints: tuple[str, ...]
    tempo: tuple[int, int]
    scales: tuple[str, ...]
    rhythm: float
    """How much of a beat there is, 0–1."""


MOODS = {
    "gentle": Mood(
        ("calm", "gentle", "morning", "soft", "garden", "sea", "harbour", "tea"),
        (70, 80), ("major", "lydian"), 0.55,
    ),
    "warm": Mood(("home", "love", "coffee", "family", "bread", "thank", "story", "friend"), (74, 86), ("major",), 0.7),
    "bright": Mood(
        ("energy", "sport", "launch", "fresh", "play", "game", "business", "product", "build", "team", "fast"),
        (92, 104), ("major", "lydian"), 1.0,
    ),
    "deep": Mood(
        ("night", "dark", "storm", "deep", "space", "mystery", "winter", "secret", "alarm", "danger"),
        (62, 72), ("dorian", "minor"), 0.4,
    ),
    "curious": Mood(
        ("data", "code", "science", "future", "idea", "map", "travel", "learn", "question", "city"),
        (84, 94), ("dorian", "lydian"), 0.85,
    ),
}  # fmt: skip
WAYS = {
    "major": ((0, 4, 5, 3), (0, 5, 3, 4), (3, 0, 4, 5), (0, 2, 3, 4), (5, 3, 0, 4)),
    "lydian": ((0, 1, 5, 4), (0, 4, 1, 5), (0, 2, 1, 4)),
    "dorian": ((0, 3, 0, 6), (0, 2, 3, 6), (0, 6, 3, 0)),
    "minor": ((0, 5, 2, 6), (0, 3, 5, 6), (5, 6, 0, 0)),
}
FIGURES = ((0, 1, 2, 3, 2, 1, 3, 2), (0, 2, 1, 3, 2, 3, 1, 2), (3, 2, 1, 0, 1, 2, 3, 1), (0, 2, 3, 2, 1, 2, 3, 2))
PHRASES = (
    ((0, 1.5), (1.5, 0.5), (2, 2)),
    ((0, 1), (1, 1), (2, 2)),
    ((0, 3), (3, 1)),
    ((0.5, 0.5), (1, 1), (2, 1), (3, 1)),
)


@dataclass(frozen=True)
class Note:
    """One sound: seconds, MIDI pitch, how loud, and where between left (−1) and right (1)."""

    at: float
    voice: Voice
    pitch: float
    length: float
    gain: float
    pan: float = 0.0


@dataclass(frozen=True)
class Score:
    seconds: float
    tempo: float
    mood: str
    notes: tuple[Note, ...]
    """In the order in which they start."""


def score(mood_words: str, seconds: float) -> Score:
    """A piece of exactly this length: its tempo gives way a little, so that the last bar ends with the film."""
    dice = Dice("local/music-1", mood_words)
    name = mood_of(mood_words, dice)
    mood = MOODS[name]
    bars = max(1, round(seconds * dice.whole(*mood.tempo) / 60 / BEATS))
    beat = seconds / bars / BEATS
    scale_name = dice.pick(mood.scales)
    scale, root = SCALES[scale_name], 48 + dice.whole(-4, 5)
    ways = dice.shuffled(WAYS[scale_name])
    figure, phrases = dice.pick(FIGURES), [dice.pick(PHRASES) for _ in range(2)]
    steps = [dice.whole(-2, 2) for _ in range(16)]
    notes: list[Note] = []
    voicing = [root + 7, root + 12, root + 16, root + 19]
    for bar in range(bars):
        last = bar == bars - 1
        way = ways[(bar // 8) % 2 % len(ways)]
        degree = 0 if last else way[bar % 4]
        voicing = led(voicing, [root + pitch_of(scale, degree + third) for third in (0, 2, 4, 6 if not last else 8)])
        start, own = bar * BEATS * beat, dice.fork("bar", str(bar))
        full = fullness(bar, bars)
        notes += pads(start, beat, voicing, last)
        notes += basses(start, beat, root - 12 + pitch_of(scale, degree) % 12, full, last)
        notes += plucks(own, start, beat, voicing, figure, full, last)
        if full >= 2 and not last:
            notes += tune(own, start, beat, scale, root + 24, degree, phrases[(bar // 2) % 2], steps[(bar % 4) * 4 :])
            notes += rhythm(own, start, beat, mood.rhythm)
    notes.sort(key=lambda note: note.at)
    return Score(seconds, 60 / beat, name, tuple(notes))


def mood_of(words: str, dice: Dice) -> str:
    spoken = plain(words).replace(".", " ").replace(",", " ").split()
    count = {name: sum(word.startswith(mood.hints) for word in spoken) for name, mood in MOODS.items()}
    most = max(count.values())
    return dice.pick([name for name, hits in count.items() if hits == most])


def fullness(bar: int, bars: int) -> int:
    """How many voices play: 0 alone, 1 with a bass, 2 all; a breath in every fourth group of four bars."""
    if bar == 0 and bars > 2:
        return 0
    if bar < bars / 6 or bar == bars - 1 or (bar // 4) % 4 == 3:
        return 1
    return 2


def pitch_of(scale: tuple[int, ...], degree: int) -> int:
    return scale[degree % 7] + 12 * (degree // 7)


def led(before: list[int], chord: list[int]) -> list[int]:
    """The chord's tones in the octaves nearest to where the voices were, but none outside the middle of a piano."""
    near = [tone + 12 * round((voice - tone) / 12) for voice, tone in zip(before, sorted(chord), strict=True)]
    return sorted(tone + 12 * (tone < LOWEST) - 12 * (tone > HIGHEST) for tone in near)


def pads(start: float, beat: float, voicing: list[int], last: bool) -> list[Note]:
    length = BEATS * beat * (1.0 if last else 1.04)
    return [Note(start, "pad", pitch, length, 0.16, (-0.5, 0.35, -0.2, 0.5)[n]) for n, pitch in enumerate(voicing)]


def basses(start: float, beat: float, pitch: int, full: int, last: bool) -> list[Note]:
    if not full:
        return []
    if last or full == 1:
        return [Note(start, "bass", pitch, BEATS * beat, 0.3)]
    return [
        Note(start, "bass", pitch, 2.4 * beat, 0.34),
        Note(start + 2.5 * beat, "bass", pitch, 0.5 * beat, 0.22),
        Note(start + 3 * beat, "bass", pitch, beat, 0.26),
    ]


def plucks(
    dice: Dice, start: float, beat: float, voicing: list[int], figure: tuple[int, ...], full: int, last: bool
) -> list[Note]:
    """A figure in eighths over the chord, each note with a softer echo on the other side."""
    notes = []
    for eighth, tone in enumerate(figure):
        if last and eighth > 3:
            break
        if dice.chance(0.42 if full == 0 else 0.14) and eighth:
            continue
        at = start + eighth * beat / 2 * (1.25 if last else 1) + dice.between(0, 0.008)
        gain, pan = (0.26 if eighth % 4 == 0 else 0.19) * dice.between(0.85, 1.1), -0.45 if eighth % 2 else 0.4
        pitch = voicing[tone] + 12
        notes.append(Note(at, "pluck", pitch, 1.6, gain, pan))
        notes.append(Note(at + beat * 0.75, "pluck", pitch, 1.4, gain * 0.33, -pan * 1.6))
    return notes


def tune(
    dice: Dice,
    start: float,
    beat: float,
    scale: tuple[int, ...],
    root: int,
    degree: int,
    phrase: tuple[tuple[float, float], ...],
    steps: list[int],
) -> list[Note]:
    """A phrase that begins on a tone of the chord and walks through the scale."""
    notes, place = [], degree % 7 + 2
    for number, (at, length) in enumerate(phrase):
        pitch = root + pitch_of(scale, place) - (12 if place > 6 else 0)
        notes.append(Note(start + at * beat + dice.between(0, 0.012), "bell", pitch, length * beat + 0.8, 0.15, 0.12))
        notes.append(Note(start + (at + 1.5) * beat, "bell", pitch, length * beat, 0.04, -0.6))
        step = steps[number]
        place += step + (0 if step else 1)
        if at + length >= 2:  # the strong half of the bar rests on the chord again
            place = degree % 7 + min((0, 2, 4, 7), key=lambda third: abs(degree % 7 + third - place))
    return notes


def rhythm(dice: Dice, start: float, beat: float, amount: float) -> list[Note]:
    notes = [Note(start, "kick", 36, 0.4, 0.42 * amount), Note(start + 2 * beat, "kick", 36, 0.4, 0.3 * amount)]
    if amount > 0.8:
        notes.append(Note(start + 3.5 * beat, "kick", 36, 0.4, 0.2 * amount))
    for eighth in range(8):
        gain = (0.16 if eighth % 2 else 0.08) * amount * dice.between(0.8, 1.15)
        notes.append(Note(start + eighth * beat / 2 + dice.between(0, 0.006), "shaker", 0, 0.15, gain, 0.3))
    return notes
