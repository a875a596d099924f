"""Sample values: what a template is shown with when nobody has filled it in. Assets are words for a picture."""

from __future__ import annotations

from typing import Any, Literal

from rendering.video_templates.base import Template
from rendering.video_templates.fields import Asset, Choice, Colour, Field, Number, Text, Whole
from rendering.video_templates.groups import Group, ListOf

Length = Literal["short", "long", "missing"]
LENGTHS: tuple[Length, ...] = ("short", "long", "missing")
PREFIX = "sample:"
"""How a reference begins that names no asset, but what a placeholder shows."""
PROSE = (
    "Everybody on the quay knows the old ferry, and from this summer on she runs on electricity: no smoke, no noise, "
    "four crossings an hour from six in the morning until midnight, with room for bicycles, prams and wheelchairs, "
    "and a small bakery on the upper deck that opens when the sun rises over the lighthouse. Come aboard, bring "
    "your friends, and see the harbour as you have never heard it before. "
)
HARBOUR, MORNING, TOWN = (
    f"{PREFIX}harbour with boats",
    f"{PREFIX}mountain lake in the morning",
    f"{PREFIX}village street with a bakery",
)
STEPS = (
    ("Write it", "Say in a few sentences what the film is about.", f"{PREFIX}story and paper cut"),
    ("Look at it", "See every scene as a picture before it costs anything.", f"{PREFIX}map of a journey"),
    ("Approve it", "Nothing is rendered that nobody has seen.", HARBOUR),
    ("Get it", "A checked file that plays everywhere.", f"{PREFIX}planet and stars"),
    ("Show it", "On a wall, in a feed, in a pocket.", f"{PREFIX}city at night"),
    ("Change it", "One word, one scene: only that is made again.", f"{PREFIX}garden flowers"),
)
SHORT: dict[str, dict[str, Any]] = {
    "picture": {"image": MORNING, "motion": "zoom_in"},
    "footage": {"video": HARBOUR},
    "intro": {"video": TOWN, "team": "Harbour Lab", "full_name": "Ada Lind", "role": "Captain and engineer"},
    "announcement": {
        "title": "The ferry goes electric",
        "body": "From the first of June on: no smoke, no noise, four crossings an hour.",
        "image": HARBOUR,
    },
    "how_it_works": {
        "title": "From idea to film",
        "steps": [{"title": title, "text": text, "image": image} for title, text, image in STEPS[:3]],
    },
    "persona": {
        "name": "Mira Okafor",
        "role": "Runs a bakery on the quay",
        "photo": f"{PREFIX}flower portrait",
        "traits": ["Up at four", "Knows everybody", "Cycles to work"],
        "quote": "If the ferry is late, my bread is late.",
    },
    "demo": {
        "video": f"{PREFIX}server software box",
        "title": "Book a crossing in ten seconds",
        "url": "https://ferry.example/book",
        "callouts": [{"at": 0.5, "text": "Pick a time: free seats are shown at once"}],
    },
    "closing": {"title": "See you aboard", "call_to_action": "Book a crossing", "url": "https://ferry.example"},
}


def of(template: type[Template], length: Length) -> dict[str, Any]:
    """Parameters that are valid: short ones, the longest that the template takes, or only what it cannot do without."""
    name = template.template
    if length == "short" and name in SHORT:
        return SHORT[name]
    curated = SHORT.get(name, {})
    if length == "long":
        return {name: _value(field, length, curated.get(name), name) for name, field in template.fields.items()}
    wanted = {name: field for name, field in template.fields.items() if field.required}
    return {
        name: _bare(field, curated[name]) if name in curated else _value(field, "short", None, name)
        for name, field in wanted.items()
    }


def _bare(field: Field[Any], value: Any) -> Any:
    """Without what may be left out."""
    if isinstance(field, ListOf):
        return [_bare(field.item, item) for item in value]
    if isinstance(field, Group):
        return {name: _bare(field.fields[name], inner) for name, inner in value.items() if field.fields[name].required}
    return value


def _value(field: Field[Any], length: Length, curated: Any, name: str) -> Any:
    """A value for one field, made of what the field itself says."""
    if isinstance(field, Asset):
        return curated or f"{PREFIX}{name} {HARBOUR.removeprefix(PREFIX)}"
    if isinstance(field, Text) and not isinstance(field, Colour):
        return _text(field, length, name)
    if isinstance(field, ListOf):
        if length == "short":
            return [_value(field.item, length, None, name) for _ in range(max(1, field.least))]
        return [_counted(field.item, length, name, number) for number in range(min(field.most, 6))]
    if isinstance(field, Group):
        return {key: _value(inner, length, None, key) for key, inner in field.fields.items()}
    if isinstance(field, Choice):
        return field.initial() or field.among[0]
    if isinstance(field, Number | Whole):
        return field.initial() if field.initial() is not None or not field.required else field.least
    return field.initial()


def _counted(item: Field[Any], length: Length, name: str, number: int) -> Any:
    """An item of a list, another one each time."""
    value = _value(item, length, None, name)
    if not isinstance(item, Group):
        return value[number * 3 :].strip() or value if isinstance(value, str) else value
    pictures = (key for key, field in item.fields.items() if isinstance(field, Asset))
    times = (key for key, field in item.fields.items() if isinstance(field, Number) and field.required)
    changed = {key: STEPS[number % len(STEPS)][2] for key in pictures} | dict.fromkeys(times, 0.5 + 5.5 * number)
    return {**value, **changed}


def _text(field: Text, length: Length, name: str) -> str:
    if length == "short":
        return name.replace("_", " ").capitalize()[: field.most]
    if name == "url":
        return f"https://ferry.example/{'a-very-long-path/' * 20}"[: field.most]
    return (PROSE * (field.most // len(PROSE) + 1))[: field.most].strip()
