"""Which templates there are. A project adds its own from its `AppConfig.ready`: `catalogue.register(Globe)`."""

from __future__ import annotations

from typing import TypeVar

from rendering.video_templates.announcement import Announcement
from rendering.video_templates.base import Template
from rendering.video_templates.closing import Closing
from rendering.video_templates.demo import Demo
from rendering.video_templates.footage import Footage
from rendering.video_templates.how_it_works import HowItWorks
from rendering.video_templates.intro import Intro
from rendering.video_templates.persona import Persona
from rendering.video_templates.picture import Picture

T = TypeVar("T", bound=type[Template])
_templates: dict[str, type[Template]] = {}


class UnknownTemplate(LookupError):
    """There is no template of this name."""

    code = "unknown_template"


def register(template: T) -> T:
    """Add a template, or replace the one of the same name; also a decorator."""
    name = canonical(template.template)
    if not name.isidentifier():
        raise ValueError(f"A template's name is one lower-case word like how_it_works, not {template.template!r}.")
    _templates[name] = template
    return template


def get(name: str) -> type[Template]:
    """The template of this name; how-it-works and how_it_works are one."""
    try:
        return _templates[canonical(name)]
    except KeyError:
        raise UnknownTemplate(f"There is no template {name[:80]!r}. There are: {', '.join(names())}.") from None


def all() -> list[type[Template]]:
    """Every template, by name."""
    return [_templates[name] for name in names()]


def names() -> list[str]:
    return sorted(_templates)


def canonical(name: str) -> str:
    """The form in which a name is kept."""
    return name.strip().lower().replace("-", "_")


for _template in (Picture, Footage, Intro, Announcement, HowItWorks, Persona, Demo, Closing):
    register(_template)
