"""Rules W and N of the bidirectional algorithm (UAX #9): marks, numbers, brackets and signs of one sequence."""

from __future__ import annotations

from collections.abc import Sequence

ISOLATES = {"LRI", "RLI", "FSI"}
NEUTRAL = {"B", "S", "WS", "ON", "PDI", *ISOLATES}
PAIRS = (
    "()[]{}༺༻༼༽᚛᚜⁅⁆⁽⁾₍₎⌈⌉⌊⌋〈〉❨❩❪❫❬❭❮❯❰❱❲❳❴❵⟅⟆⟦⟧⟨⟩⟪⟫⟬⟭⟮⟯⦃⦄⦅⦆⦇⦈⦉⦊⦋⦌⦍⦐⦏⦎⦑⦒⦓⦔⦕⦖⦗⦘⧘⧙⧚⧛⧼⧽"
    "⸢⸣⸤⸥⸦⸧⸨⸩⹕⹖⹗⹘⹙⹚⹛⹜〈〉《》「」『』【】〔〕〖〗〘〙〚〛﹙﹚﹛﹜﹝﹞（）［］｛｝｟｠｢｣"
)
OPENING = dict(zip(PAIRS[::2], PAIRS[1::2], strict=True))
CLOSING = frozenset(PAIRS[1::2])
CANONICAL = {"\u232a": "\u3009"}
"""Angle brackets that are the same as others."""
MOST_OPEN = 63


def weak(kinds: list[str], before: str) -> None:
    """Rules W1 to W7: marks, numbers and their signs."""
    for place, kind in enumerate(kinds):
        previous = kinds[place - 1] if place else before
        if kind == "NSM":
            kinds[place] = "ON" if previous == "PDI" or previous in ISOLATES else previous
    strong = before
    for place, kind in enumerate(kinds):
        if kind in ("L", "R", "AL"):
            strong = kind
        elif kind == "EN" and strong == "AL":
            kinds[place] = "AN"
    kinds[:] = ["R" if kind == "AL" else kind for kind in kinds]
    for place in range(1, len(kinds) - 1):
        around = kinds[place - 1], kinds[place + 1]
        if around == ("EN", "EN") and kinds[place] in ("ES", "CS"):
            kinds[place] = "EN"
        elif around == ("AN", "AN") and kinds[place] == "CS":
            kinds[place] = "AN"
    for places in (range(len(kinds)), range(len(kinds) - 1, -1, -1)):
        number = False
        for place in places:
            if kinds[place] == "ET" and number:
                kinds[place] = "EN"
            number = kinds[place] == "EN"
    strong = before
    for place, kind in enumerate(kinds):
        if kind in ("ES", "ET", "CS"):
            kinds[place] = "ON"
        elif kind in ("L", "R"):
            strong = kind
        elif kind == "EN" and strong == "L":
            kinds[place] = "L"


def brackets(letters: Sequence[str], kinds: list[str], original: Sequence[str], level: int, before: str) -> None:
    """Rule N0: both brackets of a pair run as what they hold, or as what stands before them."""
    own = "LR"[level % 2]
    for opening, closing in pairs(letters, kinds):
        inside = {direction(kind) for kind in kinds[opening + 1 : closing]} - {""}
        if not inside:
            continue
        way = own
        if own not in inside:
            way = next((found for kind in reversed(kinds[:opening]) if (found := direction(kind))), before)
        for bracket in (opening, closing):
            kinds[bracket] = way
            for place in range(bracket + 1, len(kinds)):
                if original[place] != "NSM":
                    break
                kinds[place] = way


def pairs(letters: Sequence[str], kinds: Sequence[str]) -> list[tuple[int, int]]:
    """BD16: brackets that belong together, by where they open."""
    opened: list[tuple[str, int]] = []
    found = []
    for place, letter in enumerate(letters):
        if kinds[place] != "ON":
            continue
        if letter in OPENING:
            if len(opened) == MOST_OPEN:
                return []
            opened.append((CANONICAL.get(OPENING[letter], OPENING[letter]), place))
        elif letter in CLOSING:
            wanted = CANONICAL.get(letter, letter)
            for depth in range(len(opened) - 1, -1, -1):
                if opened[depth][0] == wanted:
                    found.append((opened[depth][1], place))
                    del opened[depth:]
                    break
    return sorted(found)


def neutral(kinds: list[str], level: int, sides: tuple[str, str]) -> None:
    """Rules N1 and N2: signs between equal neighbours go with them, others with the line."""
    start = 0
    while start < len(kinds):
        stop = start
        while stop < len(kinds) and kinds[stop] in NEUTRAL:
            stop += 1
        if stop > start:
            left = direction(kinds[start - 1]) if start else sides[0]
            right = direction(kinds[stop]) if stop < len(kinds) else sides[1]
            kinds[start:stop] = [left if left == right else "LR"[level % 2]] * (stop - start)
        start = stop + 1


def direction(kind: str) -> str:
    """Numbers count as right to left here."""
    return {"L": "L", "R": "R", "EN": "R", "AN": "R"}.get(kind, "")
