"""How much is said of a body with more mistakes than anybody mends at once. Knows no Django."""

MOST_ERRORS = 100
"""An answer with so many stays under 200 KB; a body of 4 MiB can hold a million mistakes."""
LONGEST_POINTER = 500
"""Characters. The keys of our documents are short: a longer pointer only repeats what was sent."""
LONGEST_DETAIL = 1000


def summary(sentence: str, total: int) -> str:
    """The sentence; where not all errors are listed, also how many there are."""
    if total <= MOST_ERRORS:
        return sentence
    ending = f"The first {MOST_ERRORS} of {total} errors are listed; there are {total - MOST_ERRORS} more."
    return f"{sentence.rstrip('.')}. {ending}"


def shown_pointer(pointer: str) -> str:
    """The pointer; of one that is too long, the deepest place above that is not."""
    while len(pointer) > LONGEST_POINTER:
        pointer = pointer[: max(pointer.rfind("/", 0, LONGEST_POINTER + 1), 0)]
    return pointer


def shown_detail(detail: str) -> str:
    """The sentence, cut where it repeats too much of what was sent."""
    return detail if len(detail) <= LONGEST_DETAIL else f"{detail[: LONGEST_DETAIL - 1]}…"
