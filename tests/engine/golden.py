"""Texts and what they look like. `python -m tests.engine.golden` draws them anew: look at them before a commit."""

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from rendering.engine.planes import Planes, blend, to_rgb
from rendering.engine.text import draw
from rendering.engine.timeline import TextLayer

FOLDER = Path(__file__).parent / "golden"
SIZE = (400, 120)
TEXTS: dict[str, dict[str, Any]] = {
    "latin": {"text": "Ångström’s façade: Jgpqy, Đặng Ễ Ộ, “Żółć” & fi 50 %"},
    "bold": {"text": "Ångström’s façade: Jgpqy", "weight": "bold", "plate": "#101418b8", "shadow": 0.8},
    "serif": {"text": "Ångström’s façade: Привет, Γειά", "font": "Noto Serif"},
    "mono": {"text": "if (x != 0) { go(); } // Привет", "font": "Noto Sans Mono"},
    "cyrillic": {"text": "Рыбацкие лодки возвращаются на рассвете – «Чайки»"},
    "greek": {"text": "Οι ψαρόβαρκες επιστρέφουν την αυγή· ἄνθρωπος, ΰ"},
    "arabic": {"text": "القوارب تعود إلى الميناء (3 منها) مُحَمَّدٌ 50%!", "align": "start"},
    "hebrew": {"text": "הסירות חוזרות בשעה 5:30 – ב-2025 (Inter), נכון?", "align": "start"},
    "devanagari": {"text": "मछुआरों की नावें लौटती हैं, क्षत्रिय श्रृंखला १२३।"},
    "thai": {"text": "ที่นี่ กุ้ง น้ำ เก่า ผู้ใหญ่"},
    "chinese": {"text": "渔船在黎明时分回到“老港口”，海鸥鸣叫，直骨角。"},
    "japanese": {"text": "漁師たちの船は、古い港へ帰る。「カモメ」直骨角", "weight": "bold"},
    "korean": {"text": "고깃배들이 새벽에 옛 항구로 돌아옵니다."},
    "emoji": {"text": "🌅 👨‍👩‍👧‍👦 👍🏽 🇩🇪🇯🇵 1️⃣ ❤️ 🏳️‍🌈 ☎ © 1"},
    "mixed": {"text": "Hello שלום مرحبا नमस्ते 你好 안녕 Привет 🎉 (2026)"},
    "wrapped": {
        "text": "Donaudampfschiff\u00adfahrts\u00adgesellschaft am Kai der guten Hoffnung, 10-20 Uhr",
        "size": 40.0,
    },
    "cut": {"text": "The fishing boats come home at dawn while the gulls are loud. " * 5, "smallest": 0.8},
}


def picture(name: str) -> Image.Image:
    """The text as the engine draws it, on a plain ground."""
    layer = TextLayer(**{"box": (10.0, 10.0, SIZE[0] - 20.0, SIZE[1] - 20.0), "size": 32.0, **TEXTS[name]})
    canvas = Planes.blank(*SIZE)
    canvas.fill((70, 140, 120))
    blend(canvas, draw(layer))
    return Image.fromarray(np.ascontiguousarray(to_rgb(canvas)))


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for each in TEXTS:
        picture(each).quantize(256, dither=Image.Dither.NONE).save(FOLDER / f"{each}.png", optimize=True)
