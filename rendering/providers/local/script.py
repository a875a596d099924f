"""A brief as people write it (plain text, Markdown, a script with scene marks), read into paragraphs of sentences."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

SPOKEN = re.compile(r"\w", re.UNICODE)
END = re.compile(r"(?<=[.!?…؟।])[\"'”’»)\]]*\s+|(?<=[。！？])[」』”]?\s*")
ABBREVIATION = re.compile(
    r"(?:^|[\s(])(?:[A-ZÄÖÜ]|Mr|Mrs|Ms|Dr|Prof|St|No|Nr|Fig|vs|etc|ca|approx|Inc|Ltd|Co|bzw|usw"
    r"|e\.g|i\.e|z\. ?B|d\. ?h|a\.m|p\.m)\.$"
)
HEADING = re.compile(r"^ {0,3}(#{1,6})(?:\s+|$)(.*?)\s*#*\s*$")
ITEM = re.compile(r"^\s*(?:[-*+•–]|\d{1,3}[.)])\s+(?:\[[ xX]\]\s+)?")
SCENE_MARK = re.compile(r"^\W{0,3}(?:scene|szene|scène|shot|slide)\s*\d+\W{0,4}\s*(?:[:.–—-]\s*|$)", re.IGNORECASE)
SPEAKER = re.compile(r"^(?:narrator|voice[ -]?over|vo|sprecher|narration|caption)\s*:\s*", re.IGNORECASE)
URL = re.compile(r"https?://[^\s<>()\"'”»]+[^\s<>()\"'”».,;:!?]|\bwww\.[^\s<>()\"']+\w")
CONTACT = re.compile(r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b")


@dataclass(frozen=True)
class Paragraph:
    heading: str
    sentences: tuple[str, ...]


@dataclass(frozen=True)
class Script:
    """What a brief says; of several addresses the last one, for that is where a text ends up."""

    title: str
    """Its first heading, or a first line that reads like one; empty if there is neither."""
    paragraphs: tuple[Paragraph, ...]
    url: str = ""
    contact: str = ""


def read(text: str) -> Script:
    """Read a brief. What is markup, code or comment is left out; nothing is made up."""
    lines = visible(text).split("\n")
    blocks = list(merged(lines))
    title = ""
    for number, (kind, words) in enumerate(blocks):
        if kind == "h1" or (kind == "heading" and number == 0):
            title = words
            del blocks[number]
            break
    if not title and len(blocks) > 1 and blocks[0][0] == "text" and reads_like_a_title(blocks[0][1]):
        title = blocks.pop(0)[1]
    urls, contacts = URL.findall(text), CONTACT.findall(text)
    return Script(title, tuple(paragraphs(blocks)), urls[-1] if urls else "", contacts[-1] if contacts else "")


def paragraphs(blocks: list[tuple[str, str]]) -> list[Paragraph]:
    """Headings go with the paragraph under them; a heading with nothing under it speaks for itself."""
    result, heading = [], ""
    for kind, words in blocks:
        if kind in ("h1", "heading"):
            if heading:
                result.append(Paragraph("", (heading,)))
            heading = words
        else:
            result.append(Paragraph(heading, tuple(sentences(words))))
            heading = ""
    if heading:
        result.append(Paragraph("", (heading,)))
    return result


def visible(text: str) -> str:
    """The text without front matter, code, comments and control characters."""
    text = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n")
    text = "".join(
        sign
        for sign in text
        if sign in "\n\t\u200c\u200d" or unicodedata.category(sign) not in ("Cc", "Cs", "Co", "Cn")
    )
    # Front matter, but only where every line of it is `key: value`: rules may stand around a heading, too.
    text = re.sub(r"\A\ufeff?\s*---\n(?:[ \t]*[\w-]+:.*\n|[ \t]*(?:-[ \t].*)?\n)*---\n", "", text)
    text = re.sub(r"(?ms)^ {0,3}(```+|~~~+).*?(?:^ {0,3}\1\s*$|\Z)", "\n\n", text)
    return re.sub(r"<!--.*?(?:-->|\Z)", "", text, flags=re.DOTALL)


def merged(lines: list[str]) -> list[tuple[str, str]]:
    """Lines put together to headings, paragraphs and list items."""
    blocks: list[tuple[str, str]] = []
    open_block: list[str] = []

    def close(kind: str = "text") -> None:
        words = clean(" ".join(open_block))
        open_block.clear()
        if SPOKEN.search(words):
            blocks.append((kind, words))

    for raw in lines:
        line = re.sub(r"^(?:\s{0,3}>\s?)+", "", raw)
        heading = HEADING.match(line)
        if heading:
            close()
            open_block.append(SCENE_MARK.sub("", heading[2]))
            close("h1" if len(heading[1]) == 1 else "heading")
        elif re.fullmatch(r"\s{0,3}(=+|-{2,})\s*", line) and len(open_block) == 1:
            close("h1" if "=" in line else "heading")
        elif re.fullmatch(r"\s{0,3}([-*_=~])(\s*\1){2,}\s*", line) or not line.strip():
            close()
        elif re.fullmatch(r"[\s|:+-]+", line):
            continue
        else:
            mark = SCENE_MARK.match(line)
            if ITEM.match(line) or mark or "|" in line.strip().strip("|"):
                close()
            line = SPEAKER.sub("", SCENE_MARK.sub("", ITEM.sub("", line)).strip())
            open_block.append(line.strip().strip("|").replace("|", ", "))
    close()
    return blocks


def clean(words: str) -> str:
    """Inline markup taken off, white space evened."""
    words = re.sub(r"!\[[^\]]*\]\([^)]*\)", "", words)
    words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", words)
    words = re.sub(r"\[([^\]]+)\]\[[^\]]*\]", r"\1", words)
    words = re.sub(r"</?[A-Za-z][^<>]*>", "", words)
    words = re.sub(r"(\*{1,3}|~~|`+)(?=\S)(.+?)(?<=\S)\1", r"\2", words)
    words = re.sub(r"(?<!\w)(_{1,3})(?=\S)(.+?)(?<=\S)\1(?!\w)", r"\2", words)
    words = re.sub(r"\\([\\`*_{}\[\]()#+.!|>~-])", r"\1", words)
    return re.sub(r"\s+", " ", words).strip(" \t*")


def sentences(words: str) -> list[str]:
    """A paragraph's sentences; an abbreviation's full stop doesn't end one."""
    result: list[str] = []
    start = 0
    for match in END.finditer(words):
        part, rest = words[start : match.end()].strip(), words[match.end() :]
        if not part or not SPOKEN.search(part) or ABBREVIATION.search(part) or rest[:1].islower():
            continue
        result.append(part)
        start = match.end()
    if words[start:].strip():
        result.append(words[start:].strip())
    return result


def reads_like_a_title(words: str) -> bool:
    return len(words) <= 80 and words[-1] not in ".!?…。！？:;," and len(sentences(words)) == 1
