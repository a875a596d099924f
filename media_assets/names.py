"""Names are labels for people: never a path, never a key, nothing that hides or turns text around."""

import unicodedata

from media_assets.exceptions import BadName

LONGEST = 200
SEPARATORS = "/\\\u2044\u2215\u29f8\uff0f\uff3c"
"""Whatever looks like a step into a folder."""


def label(name: str) -> str:
    """The name in NFC, without control and direction characters and separators, at most 200 characters."""
    composed = unicodedata.normalize("NFC", name)
    readable = "".join(
        " " if character in SEPARATORS or character.isspace() else character
        for character in composed
        # Cc, Cf, Cs, Co, Cn: control, format (bidi, zero width), surrogates, private, unassigned. Joiners make words.
        if character in "\u200c\u200d" or character.isspace() or unicodedata.category(character)[0] != "C"
    )
    cut = unicodedata.normalize("NFC", " ".join(readable.split()))[:LONGEST].strip()
    if not cut.strip("\u200c\u200d. "):
        raise BadName
    return cut


def with_suffix(name: str, suffix: str) -> str:
    """The name for a download: it ends in the suffix of what the file is."""
    return name if name.lower().endswith(suffix) else f"{name[: LONGEST - len(suffix)]}{suffix}"
