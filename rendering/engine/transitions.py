"""The ways from one scene into the next: two frames and how far we are, to one frame."""

from collections.abc import Callable

from rendering.engine.planes import Planes, fade, mix
from rendering.engine.timeline import ease

Between = Callable[[Planes, Planes, Planes, float], None]


def crossfade(before: Planes, after: Planes, target: Planes, part: float) -> None:
    mix(before, after, target, part)


def fade_black(before: Planes, after: Planes, target: Planes, part: float) -> None:
    """Down to black in the first half, up from it in the second."""
    if part < 0.5:
        fade(before, target, 1 - 2 * part)
    else:
        fade(after, target, 2 * part - 1)


def wipe_left(before: Planes, after: Planes, target: Planes, part: float) -> None:
    """An edge runs to the left and uncovers the new scene."""
    edge = target.width - edge_at(target.width, part)
    target.view(0, 0, edge, target.height).put(before.view(0, 0, edge, target.height))
    rest = (edge, 0, target.width - edge, target.height)
    target.view(*rest).put(after.view(*rest))


def slide_left(before: Planes, after: Planes, target: Planes, part: float) -> None:
    """The new scene comes in from the right and pushes the old one out."""
    moved = edge_at(target.width, ease("in_out", part))
    stays = target.width - moved
    target.view(0, 0, stays, target.height).put(before.view(moved, 0, stays, target.height))
    target.view(stays, 0, moved, target.height).put(after.view(0, 0, moved, target.height))


def edge_at(width: int, part: float) -> int:
    """An even number of pixels, so that chroma is cut where luma is."""
    return 2 * round(width * part / 2)


TRANSITIONS: dict[str, Between] = {
    "crossfade": crossfade,
    "fade_black": fade_black,
    "wipe_left": wipe_left,
    "slide_left": slide_left,
}
