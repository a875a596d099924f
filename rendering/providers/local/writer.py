"""Storyboards from briefs: a scene for each thought, a caption that can be read in time, and a card at the end."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from rendering.providers.base import BriefEmpty, Draft, DraftScene, ProviderError
from rendering.providers.local import script
from rendering.providers.local.dice import Dice

MODEL = "local/writer-1"
MOTIONS = ("zoom_in", "pan_right", "zoom_out", "pan_left", "pan_up", "pan_down")
MOST_SCENES = 200
USUAL_MOST = 7
"""Scenes of pictures that a writer makes unasked; a long text is told in its leading sentences."""
CAPTION, TITLE, CALL = 84, 90, 64
"""How wide they may be, in Latin letters (an ideograph counts as two)."""
SHORTEST, LONGEST = 2.5, 6.0
CROSSFADE = 0.5
THANKS = "Thank you for watching"


@dataclass(frozen=True)
class Thought:
    """What one scene tells."""

    heading: str
    sentences: tuple[str, ...]

    @property
    def text(self) -> str:
        return " ".join(self.sentences)


def write(brief: str, scenes: int | None = None, *, title: str = "", clip: bool = False) -> Draft:
    """A storyboard of `scenes` scenes, the closing card included, or of as many as the text asks for."""
    if scenes is not None and not 1 <= scenes <= MOST_SCENES:
        raise ProviderError(f"A storyboard has 1 to {MOST_SCENES} scenes, not {scenes}.")
    read = script.read(brief)
    thoughts = [Thought(part.heading, part.sentences) for part in read.paragraphs if part.sentences]
    if not thoughts and not read.title:
        raise BriefEmpty()
    title = shortened(
        script.clean(title) or read.title or (thoughts[0].sentences[0] if thoughts else ""), TITLE
    ).rstrip(".,;: ")
    if not script.SPOKEN.search(title):
        raise BriefEmpty()
    thoughts = thoughts or [Thought("", (title,))]
    call, told = call_to_action(thoughts, title)
    wanted = (
        max(1, scenes - 1) if scenes else min(USUAL_MOST, max(len(told), -(-sum(len(t.sentences) for t in told) // 3)))
    )
    told = fitted(told, wanted, exactly=scenes is not None)
    drafts = pictures(told, title, clip)
    if scenes != 1:
        drafts.append(closing(title, call, read))
    mood = f"{title}. {' '.join(thought.text for thought in thoughts)}"[:800]
    return Draft(title=title, scenes=tuple(drafts), mood=mood, model=MODEL)


def pictures(thoughts: list[Thought], title: str, clip: bool) -> list[DraftScene]:
    dice = Dice(MODEL, title)
    motions = dice.shuffled(MOTIONS[:4])
    moving = min(1, len(thoughts) - 1) if clip else -1
    drafts: list[DraftScene] = []
    for number, thought in enumerate(thoughts):
        caption = "" if number and thought == thoughts[number - 1] else caption_of(thought)
        drafts.append(
            DraftScene(
                template="footage" if number == moving else "picture",
                duration=reading_time(caption or "x" * 30),
                caption=caption,
                narration_text=thought.text if caption else "",
                prompt=prompt_of(thought, drafts),
                params={} if number == moving else {"motion": motions[number % len(motions)]},
                transition={"kind": "crossfade", "duration": CROSSFADE} if number else None,
            )
        )
    return drafts


def closing(title: str, call: str, read: script.Script) -> DraftScene:
    params = {"title": title, "call_to_action": call}
    if read.url and len(read.url) <= 120:
        params["url"] = read.url if read.url.startswith("http") else f"https://{read.url}"
    if read.contact and len(read.contact) <= 80:
        params["contact"] = read.contact
    return DraftScene(
        template="closing",
        duration=max(3.5, reading_time(f"{title} {call}")),
        params=params,
        transition={"kind": "crossfade", "duration": CROSSFADE},
    )


def call_to_action(thoughts: list[Thought], title: str) -> tuple[str, list[Thought]]:
    """The last sentence that can stand on a card, and the thoughts without it if there are others to tell."""
    last = thoughts[-1]
    words = re.sub(
        rf"\s*(?:\b(?:at|on|under|auf|unter|sur)\s+)?(?:{script.URL.pattern}|{script.CONTACT.pattern})",
        "",
        last.sentences[-1],
    )
    words = words.strip(" :–—-,")
    if width(words) > CALL or not script.SPOKEN.search(words) or words.rstrip(".!") == title:
        return (THANKS, thoughts)
    rest = last.sentences[:-1]
    if rest:
        return words, [*thoughts[:-1], Thought(last.heading, rest)]
    return (words, thoughts[:-1]) if len(thoughts) > 1 else (THANKS, thoughts)


def fitted(thoughts: list[Thought], wanted: int, *, exactly: bool) -> list[Thought]:
    """As many thoughts as wanted: neighbours told together, or long ones told in parts."""
    thoughts = list(thoughts)
    while len(thoughts) > wanted:
        pairs = range(len(thoughts) - 1)
        at = min(pairs, key=lambda place: len(thoughts[place].text) + len(thoughts[place + 1].text))
        one, other = thoughts[at : at + 2]
        thoughts[at : at + 2] = [Thought(one.heading or other.heading, one.sentences + other.sentences)]
    while len(thoughts) < wanted:
        at = max(range(len(thoughts)), key=lambda place: (len(parts(thoughts[place])), len(thoughts[place].text)))
        pieces = parts(thoughts[at])
        if len(pieces) > 1:
            middle = (len(pieces) + 1) // 2
            heading = thoughts[at].heading
            thoughts[at : at + 1] = [Thought(heading, tuple(pieces[:middle])), Thought(heading, tuple(pieces[middle:]))]
        elif exactly:
            thoughts.append(thoughts[-1])  # nothing more to say: the last thought is looked at from another side
        else:
            break
    return thoughts


def parts(thought: Thought) -> list[str]:
    """A thought's sentences, or a single long sentence's clauses."""
    if len(thought.sentences) > 1:
        return list(thought.sentences)
    clauses = re.split(r"(?<=[,;:–—，、；])\s*(?=\S)", thought.text)
    merged: list[str] = []
    for clause in clauses:
        if merged and width(merged[-1]) < 18:
            merged[-1] += ("" if width(merged[-1][-1]) > 1 else " ") + clause
        else:
            merged.append(clause)
    return merged if all(width(clause) >= 8 for clause in merged) else [thought.text]


def prompt_of(thought: Thought, drafts: list[DraftScene]) -> str:
    """The words that the picture is made from: never twice the same in one storyboard."""
    words = shortened(f"{thought.heading}: {thought.text}" if thought.heading else thought.text, 240)
    taken = {draft.prompt for draft in drafts}
    again = (f"{words} ({number})" for number in range(2, len(drafts) + 2))
    return words if words not in taken else next(prompt for prompt in again if prompt not in taken)


def caption_of(thought: Thought) -> str:
    """The first sentence that fits; else the first one, shortened at a clause."""
    fitting = [sentence for sentence in thought.sentences if 12 <= width(sentence) <= CAPTION]
    return fitting[0] if fitting else shortened(thought.sentences[0], CAPTION).rstrip(",;: ")


def shortened(words: str, most: int) -> str:
    """Words that are too wide, cut after a clause or else a word, with an ellipsis."""
    words = " ".join(words.split())
    if width(words) <= most:
        return words
    end, used = 0, 1
    for sign in words:
        used += width(sign)
        if used > most:
            break
        end += 1
    head = words[:end]
    cuts = [match.start() for match in re.finditer(r"[,;:–—，、；](?=\s|$)|[，、；]", head)]
    if cuts and cuts[-1] >= end // 2:
        head = head[: cuts[-1]]
    elif " " in head[end // 3 :]:
        head = head[: head.rindex(" ")]
    return head.rstrip(" ,;:–—-，、；") + "…"


def reading_time(words: str) -> float:
    """Seconds to look at a picture and read a caption: 20 letters a second after a first glance."""
    return round(min(LONGEST, max(SHORTEST, 1.4 + width(words) / 20)), 1)


def width(words: str) -> int:
    """How much room words take, in Latin letters."""
    wide = sum(unicodedata.east_asian_width(sign) in "WF" for sign in words)
    marks = sum(unicodedata.category(sign) in ("Mn", "Me", "Cf") for sign in words)
    return len(words) + wide - marks
