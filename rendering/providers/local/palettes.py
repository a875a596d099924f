"""The palettes, chosen by eye, and the words that call for them."""

from __future__ import annotations

from dataclasses import dataclass

from rendering.providers.local.colour import Colour, from_hex, lightness


@dataclass(frozen=True)
class Palette:
    """Six colours with a part to play, from the top of the sky to the nearest shadow."""

    name: str
    sky: Colour
    glow: Colour
    """The horizon, or the paper of a poster."""
    light: Colour
    """Sun, moon, a lamp."""
    far: Colour
    near: Colour
    accent: Colour

    @property
    def night(self) -> bool:
        return lightness(self.sky) < 0.42

    @property
    def inks(self) -> tuple[Colour, ...]:
        """The colours of a poster, without its paper."""
        return self.near, self.accent, self.far, self.sky


def palette(name: str, *colours: str) -> Palette:
    return Palette(name, *(from_hex(colour) for colour in colours))


#                   sky        glow       light      far        near       accent
PALETTES = {
    one.name: one
    for one in (
        palette("dawn", "#4b6a9b", "#f9cdae", "#fff3da", "#c38d94", "#2b2d4f", "#f26d5b"),
        palette("ember", "#34205c", "#ff9166", "#ffe3a8", "#9a5577", "#1e1233", "#ffb84d"),
        palette("harbour", "#6ba3b3", "#f7e9cd", "#fffaf0", "#8fb3b0", "#143d4b", "#e4703a"),
        palette("midnight", "#0a1030", "#35588c", "#f6efd6", "#2a4078", "#060a1c", "#f4b942"),
        palette("pine", "#a9c6b4", "#f5efd2", "#fffbe8", "#7fa48a", "#12302a", "#d9822b"),
        palette("canyon", "#7fa9b5", "#f8dcae", "#fff4dc", "#d98c5a", "#5c261d", "#2c6e73"),
        palette("ice", "#8fb9d6", "#edf4f5", "#ffffff", "#aecbdc", "#1c3f5c", "#ff6f59"),
        palette("rose", "#eea9b0", "#fdebe2", "#fffaf5", "#d27f92", "#571d3c", "#2f6b6b"),
        palette("aurora", "#071a2b", "#1f6f78", "#dcfff0", "#1d4e5f", "#040f18", "#76edb0"),
        palette("slate", "#4a5763", "#d3d6d2", "#f6f3e8", "#83909a", "#1b2229", "#e8b43c"),
        palette("lagoon", "#1f86bf", "#d9f1ef", "#ffffff", "#6cb4d0", "#0b3853", "#ff7b54"),
        palette("citrus", "#f4a62a", "#fff1c9", "#fffdf2", "#ee7a42", "#6d1c3b", "#158a7a"),
        palette("neon", "#1a0a3c", "#c02fa4", "#ffdcf8", "#5b1fae", "#0b0422", "#4cc9f0"),
        palette("parchment", "#d6c4a0", "#f5ecd7", "#fffbf0", "#b39a74", "#3b2f26", "#b5482e"),
        palette("lavender", "#8a97d3", "#f4dfe8", "#fff7ea", "#a08ac2", "#2d2150", "#f2a35e"),
        palette("cobalt", "#1a49c4", "#bcd3ff", "#ffffff", "#4a7ae3", "#0a1c5e", "#ffcf3f"),
        palette("lava", "#241418", "#d8402f", "#ffd27a", "#71232a", "#10090c", "#f4a412"),
        palette("olive", "#bcc596", "#f6f1dc", "#fffcee", "#93a068", "#333a1f", "#c6532a"),
        palette("plum", "#5b3a78", "#f1c4cf", "#fff0e6", "#9a6aa6", "#25133a", "#f5c34b"),
        palette("mint", "#8fcdb8", "#f2f7e9", "#ffffff", "#63ab9c", "#17433f", "#f47c65"),
        palette("copper", "#2f5d62", "#f2d6b3", "#fff3df", "#b77b57", "#1b2c30", "#e2893f"),
        palette("cherry", "#f2c4c4", "#fff4ee", "#ffffff", "#e08e9b", "#3a2740", "#c8324f"),
    )
}

HINTS: dict[str, tuple[str, ...]] = {
    "dawn": ("dawn", "sunrise", "morning", "early", "wake", "begin", "first", "breakfast", "morgen", "aube"),
    "ember": ("dusk", "sunset", "evening", "ember", "fire", "warm", "autumn", "abend"),
    "harbour": (
        "harbour",
        "harbor",
        "port",
        "quay",
        "pier",
        "boat",
        "ferry",
        "fish",
        "coast",
        "gull",
        "hafen",
        "market",
    ),
    "midnight": ("night", "moon", "midnight", "star", "dark", "sleep", "dream", "nacht", "lighthouse"),
    "pine": ("forest", "wood", "tree", "pine", "moss", "nature", "hike", "wald"),
    "canyon": ("desert", "sand", "dune", "canyon", "camel", "dry", "clay", "adobe"),
    "ice": ("snow", "ice", "winter", "cold", "frost", "glacier", "ski", "arctic"),
    "rose": ("love", "rose", "wedding", "heart", "skin", "beauty", "gentle", "soft"),
    "aurora": ("aurora", "north", "signal", "magic", "future", "ai", "intelligence"),
    "slate": ("rain", "storm", "cloud", "fog", "mist", "grey", "steel", "industry", "machine", "engine"),
    "lagoon": ("sea", "ocean", "wave", "beach", "swim", "island", "summer", "sail", "water", "meer"),
    "citrus": ("fruit", "orange", "lemon", "juice", "sun", "energy", "fresh", "kitchen", "food"),
    "neon": ("neon", "club", "party", "game", "cyber", "electric", "disco", "arcade"),
    "parchment": (
        "history",
        "old",
        "book",
        "paper",
        "letter",
        "map",
        "museum",
        "craft",
        "story",
        "coffee",
        "bread",
        "bakery",
    ),
    "lavender": ("lavender", "calm", "meditation", "music", "song", "breath", "quiet", "spring"),
    "cobalt": ("data", "cloud", "software", "code", "server", "network", "business", "team", "plan", "bank", "number"),
    "lava": ("volcano", "lava", "danger", "alarm", "red", "heat", "forge"),
    "olive": ("garden", "olive", "farm", "field", "vineyard", "wine", "herb", "harvest", "green"),
    "plum": ("theatre", "stage", "night-out", "opera", "luxury", "perfume", "gold", "festival"),
    "mint": ("health", "clean", "doctor", "care", "mint", "new", "simple", "air", "light"),
    "copper": ("workshop", "tool", "copper", "wood", "guitar", "repair", "hand", "maker", "bridge", "train"),
    "cherry": ("cherry", "blossom", "flower", "japan", "tea", "petal", "bloom", "gift"),
}
