"""What a render needs, tried for real: a long page, since it has every check, its sentence and its cure."""

from __future__ import annotations

import json
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db import connection
from django.utils import timezone
from PIL import Image

from media_assets import identity, worker_notes
from rendering import checks
from rendering.engine import launch
from rendering.workflow import film, film_files, plan
from videoserver import database as the_database
from videoserver import health, schema_fit
from videoserver.health import Wrong
from videoserver.management import processes
from videoserver.work import ages, agreement, canary, cluster, workspace
from videoserver.work.disagreement import Disagreement
from videoserver.work.warm import warm

LEAST_DISK = 2 * 1024**3
MOST_CLOCK_SECONDS = 5.0
WORKER_PATIENCE = 30.0


@dataclass(frozen=True)
class Finding:
    """One line of the doctor's report."""

    check: str
    ok: bool
    detail: str
    cure: str = ""
    seconds: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def examine() -> Iterator[Finding]:
    """Every check, one after the other; none stops the others."""
    for name, check in CHECKS.items():
        yield finding(name, check)


def finding(name: str, check: Callable[[], str]) -> Finding:
    begun = time.monotonic()
    try:
        ok, detail, cure = True, check(), ""
    except Wrong as wrong:
        ok, detail, cure = False, wrong.detail, wrong.cure
    except Exception as error:  # noqa: BLE001 - whatever a check raises is what is wrong
        ok, detail, cure = False, f"{type(error).__name__}: {error}", "The message above says what failed."
        if isinstance(error, Disagreement):
            detail, cure = str(getattr(error, "detail", error)), str(getattr(error, "cure", ""))
        if gone := the_database.away(error):
            detail, cure = gone, the_database.CURE
    return Finding(name, ok, detail, cure, round(time.monotonic() - begun, 3))


@cache
def about() -> dict[str, Any]:
    """What the render child says of itself."""
    with scratch() as folder:
        return warm(launch.MODULE).request({"do": "about"}, folder=folder, deadline=60)


def versions() -> str:
    found = about()["versions"] | health.versions()
    if int(found["pillow"].split(".")[0]) < 13:
        raise Wrong(f"Pillow {found['pillow']} is old.", "Run: pip install --no-deps -r overrides.txt")
    return ", ".join(f"{name} {version}" for name, version in found.items())


def codecs() -> str:
    if missing := about()["missing_codecs"]:
        raise Wrong(f"PyAV lacks {', '.join(missing)}.", "Install PyAV's wheel: pip install -r requirements.txt")
    return "H.264, AAC, VP9 and Opus are there"


def ffmpeg() -> str:
    found = health.ffmpeg()
    if not found["available"]:
        raise Wrong("The FFmpeg program does not work.", "Unset FFMPEG_BINARY, or let it name a working FFmpeg.")
    return f"FFmpeg {found['version']}"


def fonts() -> str:
    loaded = about()["fonts"]
    if broken := [name for name, loads in loaded.items() if not loads]:
        raise Wrong(f"Fonts do not load: {', '.join(broken)}.", "Restore rendering/engine/fonts/ from the repository.")
    if missing := about()["unshaped"]:
        raise Wrong(f"Text is not shaped right: {', '.join(missing)}.", checks.LIBRARY)
    return f"{len(loaded)} fonts; Arabic, Hindi and emoji are shaped"


def database() -> str:
    try:
        schema_fit.check(kept=0)
    except schema_fit.Unfit as unfit:
        raise Wrong(unfit.sentence, unfit.cure) from unfit
    agreement.check_secret()
    return f"{connection.vendor}, migrated, fits this version"


def storage() -> str:
    """It is the one of the database; write, read a part, and delete."""
    identity.check()
    media, token = storages["media"], secrets.token_bytes(4096)
    name = media.save(f"health/{secrets.token_hex(8)}", ContentFile(token))
    try:
        with media.open(name) as file:
            file.seek(1000)
            if file.read(96) != token[1000:1096]:
                raise Wrong("The storage gives other bytes than were written.", "Check what STORAGE names.")
    finally:
        media.delete(name)
    return f"{settings.STORAGE}: written, read in part, deleted"


def broker() -> str:
    """The queue takes what is put into it."""
    try:
        return health.broker()
    except Wrong as wrong:
        raise Wrong(f"{wrong.detail} {wrong.__cause__}", wrong.cure) from wrong


def workers() -> str:
    """A canary through every queue; with no worker running, through one that is started for it."""
    need_broker()
    if all(cluster.alive(name) for name in settings.QUEUES):
        return round_trips()
    with processes.running("worker", settings.DATA_DIR / "doctor-worker.log"):
        until = time.monotonic() + WORKER_PATIENCE
        while not all(cluster.alive(name) for name in settings.QUEUES):
            if time.monotonic() > until:
                raise Wrong("A worker that was started serves no queue.", f"Read {settings.DATA_DIR}/doctor-worker.log")
            time.sleep(0.1)
        return f"{round_trips()} (no worker was running: `make run` or `python manage.py worker` starts one)"


def need_broker() -> None:
    """No worker can answer through a broker that does not."""
    try:
        health.broker()
    except Wrong as wrong:
        raise Wrong("Not asked: the broker does not work.", "First mend the broker, as said above.") from wrong


def round_trips() -> str:
    took = {name: cluster.round_trip(name) for name in settings.QUEUES}
    if silent := [name for name, seconds in took.items() if seconds is None]:
        raise Wrong(f"No answer through {', '.join(silent)}.", "Restart the worker; its log says what it does.")
    return ", ".join(f"{name} {seconds * 1000:.0f} ms" for name, seconds in took.items() if seconds is not None)


def machines() -> str:
    """What each worker that lives wrote: in its row, and in its storage, where this process must find it."""
    known, told = identity.expected(), []
    for worker in canary.living():
        here = f"{worker.name} ({worker.version or 'an older version'}{worker.encoder and f', {worker.encoder}'})"
        if worker.refusal:
            raise Wrong(f"{here} does no work: {worker.refusal}", "Mend that on its machine.")
        if worker.version and worker.storage != known:
            raise Wrong(f"{here} sees another storage than this machine.", "Mount the shared folder there.")
        if worker.note and not worker_notes.found(worker.note):
            cure = "Both have the same identity, so one is a copy: have both use one storage."
            raise Wrong(f"What {here} wrote into its storage is not in the one of this machine.", cure)
        told.append(here)
    return ", ".join(told) or "none runs"


def render_cluster() -> str:
    """Whether the workers elsewhere answer, if there should be any."""
    name = settings.RENDER_CLUSTER
    if not name:
        return "none: the workers here render"
    need_broker()
    seconds = cluster.round_trip(name) if cluster.alive(name) else None
    if seconds is None:
        cure = (
            f"Start `manage.py worker --cluster {name}` there, or unset RENDER_CLUSTER; until then it is rendered here."
        )
        raise Wrong(f"No worker of the render cluster {name} answers.", cure)
    return f"{name} {seconds * 1000:.0f} ms"


def clock() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT CURRENT_TIMESTAMP")
        told = cursor.fetchone()[0]
    if isinstance(told, str):
        told = datetime.fromisoformat(told).replace(tzinfo=UTC)
    apart = abs((timezone.now() - told).total_seconds())
    if apart > MOST_CLOCK_SECONDS:
        raise Wrong(f"This machine's clock and the database's are {apart:.0f} s apart.", "Set the clocks (NTP).")
    return f"{apart:.1f} s from the database's"


def disk() -> str:
    free = shutil.disk_usage(settings.DATA_DIR).free
    if free < LEAST_DISK:
        raise Wrong(f"{free / 1e9:.1f} GB are free under {settings.DATA_DIR}.", "Free some space, or move DATA_DIR.")
    return f"{free / 1e9:.0f} GB free under {settings.DATA_DIR}"


def workspaces() -> str:
    """The scratch folders of this disk: few, and none that outlived its process by long."""
    seen = workspace.census()
    figures = (
        f"{seen.count}, {ages.size(seen.bytes)}, the oldest {seen.oldest:.0f} s old; {seen.failures} failures ever"
    )
    if left := workspace.left():
        cure = (
            f"Look at {left[0]}: who owns it, and who writes there? Then run: python manage.py cleanup_workspaces "
            "(a running worker does it once a minute)"
        )
        raise Wrong(f"{len(left)} should be gone and are not ({figures}).", cure)
    return figures


def render() -> str:
    """Two seconds through the whole engine, checked."""
    with scratch() as folder:
        Image.radial_gradient("L").resize((1280, 720)).convert("RGB").save(folder / "picture.png")
        picture = {"template": "picture", "params": {"image": "picture.png", "motion": "zoom_in"}}
        scenes = [picture | {"duration": 1.25, "caption": "Two seconds"}]
        scenes += [picture | {"duration": 1.25, "transition": {"kind": "crossfade", "duration": 0.5}}]
        document = folder / "document.json"
        document.write_text(json.dumps({"title": "Doctor", "quality": "480p", "scenes": scenes}))
        begun = time.monotonic()
        encoding = plan.encoding(settings.X264_PRESET, settings.X264_CRF)
        drawn = film_files.from_file(document, folder)
        made = film.render_film(*drawn, folder / "film.mp4", workspace=folder, encoding=encoding)
        seconds = time.monotonic() - begun
    told = f"{made.frames} frames of {made.width}×{made.height} rendered and checked in {seconds:.1f} s"
    return f"{told} with {encoding.preset}, CRF {encoding.crf}"


CHECKS: dict[str, Callable[[], str]] = {
    "versions": versions,
    "codecs": codecs,
    "ffmpeg": ffmpeg,
    "fonts": fonts,
    "database": database,
    "storage": storage,
    "broker": broker,
    "workers": workers,
    "machines": machines,
    "cluster": render_cluster,
    "clock": clock,
    "disk": disk,
    "workspaces": workspaces,
    "render": render,
}


@contextmanager
def scratch() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="doctor-") as folder:
        yield Path(folder)
