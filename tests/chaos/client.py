"""A client that does not give up: it orders films, and asks again, with the same key, for whatever got no answer."""

from __future__ import annotations

import json
import socket
import time
import urllib.request
from collections import Counter
from dataclasses import dataclass
from random import Random
from typing import Any
from urllib.error import HTTPError, URLError

from tests import footage
from tests.chaos.site import Site
from tests.media_assets.hostile_source import file

PATIENCE = 120.0
PEOPLE = ("author", "reviewer")
FPS = 8


class Refused(Exception):
    """An answer that asking again would not change."""


@dataclass(frozen=True)
class Answer:
    """What one call met: an order's good answer, or one of the server's own trouble."""

    at: float
    status: int
    seconds: float
    told: str = ""
    code: str = ""


class Client:
    """Places orders in a seeded order; remembers each that was accepted."""

    def __init__(self, site: Site, random: Random) -> None:
        self.site, self.random = site, random
        self.accepted: dict[str, dict[str, Any]] = {}
        """Job id → {kind, who, frames}."""
        self.asked_again = 0
        self.refusals: Counter[int] = Counter()
        """Status codes of the answers that were asked for again."""
        self.orders: list[Answer] = []
        self.failures: list[Answer] = []
        """Answers from 500 on."""
        self.pictures: list[str] = []
        self.imported: list[str] = []
        """Ids of assets that were to be fetched from elsewhere."""
        self.clip = b""

    def prepare(self) -> None:
        """Upload what the films show."""
        for number in range(3):
            path = footage.picture(self.site.server.folder / f"{number}.png", (640, 360), number, seed=number)
            self.pictures.append(self.site.server.upload("author", path)["id"])
        self.clip = footage.film(self.site.server.folder / "clip.mp4", seconds=1).read_bytes()

    def order(self, number: int) -> str:
        """One more order; its job's id."""
        kind = self.random.choices(("direct", "storyboard", "generate", "import"), (6, 3, 1, 2))[0]
        if kind == "import":
            self.bring(number)
            kind = "direct"
        pk, frames = {"direct": self.direct, "storyboard": self.storyboard, "generate": self.generate}[kind](number)
        self.accepted[pk] = {"kind": kind, "frames": frames}
        return pk

    def direct(self, number: int) -> tuple[str, int]:
        seconds = self.random.choice((1, 2))
        params = {"title": f"Number {number}", "call_to_action": "Come"}
        body = {"params": params, "duration": seconds, "quality": "draft", "fps": FPS}
        who = self.random.choice(PEOPLE)
        return self.ask_for(who, "templates/closing/render/", body, f"direct-{number}")["id"], seconds * FPS

    def storyboard(self, number: int) -> tuple[str, int]:
        count = self.random.choice((2, 3))
        scenes = [
            {
                "template": "picture",
                "duration": 1,
                "params": {"image": self.random.choice(self.pictures), "motion": "zoom_in"},
                "caption": f"{number}, {scene}",
            }
            for scene in range(count)
        ]
        body = {"title": f"Board {number}", "quality": "draft", "fps": FPS, "scenes": scenes}
        board = self.post("author", "storyboards/", body, f"board-{number}")
        place = f"storyboards/{board['id']}"
        self.post("author", f"{place}/submit/", {}, f"submit-{number}")
        decision = {"revision": board["revision"], "render": True}
        return self.ask_for("reviewer", f"{place}/approve/", decision, f"approve-{number}")["id"], count * FPS

    def bring(self, number: int) -> None:
        """Import a film from a source that is not always there."""
        answers = [file(b"later", status="503 Service Unavailable")] * self.random.choice((0, 0, 1))

        def answer(connection: socket.socket, _request: bytes) -> None:
            connection.sendall(answers.pop() if answers else file(self.clip))

        url = self.site.origin.url(f"/{number}.mp4", answer)
        asset = self.ask_for("author", "media/import-from-url/", {"url": url, "type": "video"}, f"import-{number}")
        self.imported.append(asset["id"])

    def generate(self, number: int) -> tuple[str, int]:
        body = {"title": f"Brief {number}", "quality": "draft", "fps": FPS, "scenes": []}
        board = self.post("author", "storyboards/", body, f"empty-{number}")
        ask = {"brief": f"Boat {number} goes out at dawn.", "scenes": 2, "only": ["text", "image"]}
        return self.ask_for("author", f"storyboards/{board['id']}/generate/", ask, f"generate-{number}")["id"], 0

    def cancel(self, pk: str) -> None:
        self.post("reviewer", f"jobs/{pk}/cancel/", {}, "")

    def film(self, pk: str) -> bytes:
        """The finished film."""
        found: bytes = self.call("GET", "reviewer", f"videos/{pk}/combined", None, "")
        return found

    def post(self, who: str, path: str, body: dict[str, Any], key: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.call("POST", who, path, body, key))
        return found

    def ask_for(self, who: str, path: str, body: dict[str, Any], key: str) -> dict[str, Any]:
        """Post an order for work. Raises Refused if it is answered with anything but 202."""
        found = self.post(who, path, body, key)
        if (status := self.orders[-1].status) != 202:
            raise Refused(f"POST {path}: {status} instead of 202")
        return found

    def call(self, method: str, who: str, path: str, body: dict[str, Any] | None, key: str) -> bytes:
        """Until there is an answer. Raises Refused, and TimeoutError when there is none for too long."""
        server = self.site.server
        headers = {"X-API-Key": server.keys[who], "Content-Type": "application/json"}
        if key:
            headers["Idempotency-Key"] = key
        data = None if body is None else json.dumps(body).encode()
        end, last = time.monotonic() + PATIENCE, ""
        while time.monotonic() < end:
            url = f"http://127.0.0.1:{server.port}/api/v1/{path}"
            began = time.monotonic()
            try:
                with urllib.request.urlopen(
                    urllib.request.Request(url, data, headers, method=method), timeout=30
                ) as got:
                    content = bytes(got.read())
                    if method == "POST":
                        self.orders.append(Answer(began, got.status, time.monotonic() - began, path))
                    return content
            except HTTPError as error:
                # In flight: the row of a request that died with its process is free after a minute.
                if error.code < 500 and error.code != 409:
                    raise Refused(f"{method} {path}: {error.code} {error.read().decode()}") from error
                self.refusals[error.code] += 1
                said = last = error.read().decode()
                if error.code >= 500:
                    took = time.monotonic() - began
                    self.failures.append(
                        Answer(began, error.code, took, f"{method} {path}: {said[:300]}", code_of(said))
                    )
                if error.code == 409 and "idempotency" not in said:
                    raise Refused(f"{method} {path}: {error.code} {said}") from error
            except (URLError, OSError, TimeoutError) as error:
                last = repr(error)
            self.asked_again += 1
            time.sleep(0.2)
        raise TimeoutError(f"{method} {path} got no answer for {PATIENCE:.0f} s, but {last}")


def code_of(said: str) -> str:
    """The problem's code; empty if the answer is none of ours."""
    try:
        return str(json.loads(said)["code"])
    except (ValueError, KeyError, TypeError):
        return ""
