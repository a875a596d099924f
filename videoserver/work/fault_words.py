"""What FAULTS may say. Knows no Django: settings look at it before there are any."""

from __future__ import annotations

import re
from dataclasses import dataclass

FORM = re.compile(
    r"(?P<name>[a-z_.]+):(?P<action>kill9|raise|stop|sleep)(=(?P<seconds>[0-9]+(\.[0-9]+)?))?(@(?P<hit>[1-9][0-9]*))?"
)


@dataclass(frozen=True)
class Fault:
    """What happens at a point: each time, or at one of its hits only."""

    action: str
    hit: int | None = None
    seconds: float = 0.0


def parse(text: str) -> dict[str, Fault]:
    """The faults by the names of their points. Raises ValueError."""
    faults = {}
    for word in filter(None, text.replace(" ", "").split(",")):
        if not (said := FORM.fullmatch(word)):
            raise ValueError(f"FAULTS must hold NAME:ACTION[=SECONDS][@HIT], but it holds {word!r}.")
        hit = int(said["hit"]) if said["hit"] else None
        faults[said["name"]] = Fault(said["action"], hit, float(said["seconds"] or 0))
    return faults
