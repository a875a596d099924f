"""Health: is this process alive, and can this server do its work now?"""

from __future__ import annotations

import platform
import secrets
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import asdict
from functools import lru_cache
from importlib.metadata import version
from typing import Any

import psutil
import structlog
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from redis.exceptions import RedisError

from media_assets import identity
from videoserver import database as the_database
from videoserver import schema_fit
from videoserver.work import agreement, cluster, workspace
from videoserver.work import broker as redis_broker

logger = structlog.get_logger(__name__)

VERSIONS = ("videoserver", "django", "django-q2", "moviepy", "pillow", "av", "imageio-ffmpeg")
KEPT_SECONDS = 10
"""A probe every second must not write to the storage every second."""


WORK_ONLY = {"broker", "workers"}
"""Without them nothing is rendered, but requests are answered: a balancer that took this server away would only lose
the API as well."""


class Wrong(Exception):
    """A check's sentence and its cure, which may be shown to anybody."""

    def __init__(self, detail: str, cure: str) -> None:
        super().__init__(detail)
        self.detail, self.cure = detail, cure


@never_cache
def live(request: HttpRequest) -> JsonResponse:
    """This process answers."""
    return JsonResponse({"status": "ok"})


@never_cache
def ready(request: HttpRequest) -> JsonResponse:
    """503 when this server cannot answer requests, else 200, "degraded" while nothing is rendered; each check says
    what is wrong."""
    return answer(report())


@never_cache
def health(request: HttpRequest) -> JsonResponse:
    """Ready's answer with FFmpeg's, and for staff what the machine looks like."""
    found = report() | {"ffmpeg": ffmpeg()}
    if request.user.is_staff:
        found["system"] = system()
    return answer(found)


def report() -> dict[str, Any]:
    checks: dict[str, dict[str, Any]] = {}
    for name, check in CHECKS.items():
        needed = "database" if name == "workers" or (name == "broker" and not settings.BROKER_URL) else ""
        checks[name] = unknown(needed) if needed and not checks[needed]["ok"] else outcome(check)
    wrong = {name for name, check in checks.items() if not check["ok"]}
    status = "unavailable" if wrong - WORK_ONLY else "degraded" if wrong else "ok"
    return {"status": status, "checks": checks, "versions": versions()}


def answer(found: dict[str, Any]) -> JsonResponse:
    return JsonResponse(found, status=503 if found["status"] == "unavailable" else 200)


def outcome(check: Callable[[], str]) -> dict[str, Any]:
    """Run one check; its trouble is part of the answer, in a word, and whole in the log."""
    begun = time.monotonic()
    ok, detail, cure = False, "", ""
    try:
        detail, ok = check(), True
    except Wrong as wrong:
        detail, cure = wrong.detail, wrong.cure
    except schema_fit.Unfit as unfit:
        detail, cure = unfit.sentence, unfit.cure
    except Exception as error:  # noqa: BLE001 - a check may fail in any way, and all of them mean "not ready"
        logger.warning("A health check failed", check=check.__name__, error=str(error))
        detail = the_database.away(error) or f"{type(error).__name__}; the log has the details"
    return {"ok": ok, "detail": detail, "cure": cure, "milliseconds": round((time.monotonic() - begun) * 1000, 1)}


def unknown(needed: str) -> dict[str, Any]:
    """The outcome of a check that was not made: it would wait for the same thing as the one that failed."""
    return {"ok": False, "detail": f"unknown without the {needed}", "cure": "", "milliseconds": 0.0}


def database() -> str:
    """It answers, is migrated, and its tables have what the models of this version write."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        cursor.fetchone()
    schema_fit.check()
    if wrong := agreement.secret_problem():
        raise Wrong(wrong, "")
    return str(connection.vendor)


_storage_checked: dict[str, float] = {}


def storage() -> str:
    """It is the one of the database; write, read back and delete a small file."""
    if wrong := identity.problem():
        raise Wrong(wrong, "")
    if time.monotonic() - _storage_checked.get("at", -KEPT_SECONDS) < KEPT_SECONDS:
        return settings.STORAGE
    media, token = storages["media"], secrets.token_bytes(64)
    name = media.save(f"health/{secrets.token_hex(8)}", ContentFile(token))
    try:
        with media.open(name) as file:
            if file.read() != token:
                raise OSError("The storage gave other bytes than were written.")
    finally:
        media.delete(name)
    _storage_checked["at"] = time.monotonic()
    return str(settings.STORAGE)


def broker() -> str:
    """The queue takes what is put into it."""
    if not settings.BROKER_URL:
        return "the database"
    try:
        redis_broker.check()
    except (RedisError, OSError) as error:
        trouble = redis_broker.trouble(error)
        raise Wrong(f"The broker at {redis_broker.address()} {trouble.phrase}.", trouble.cure) from error
    return redis_broker.address()


def workers() -> str:
    """Every queue that a worker should serve answered its canary lately."""
    silent = [name for name in settings.QUEUES if not cluster.alive(name)]
    if "render" in silent and settings.RENDER_CLUSTER and cluster.alive(settings.RENDER_CLUSTER):
        silent.remove("render")
    if silent:
        cure = "Start `manage.py worker`. If one runs that serves them: its log says why they do not answer."
        raise Wrong(f"no worker answers for {', '.join(silent)}", cure)
    return "every queue answers"


CHECKS: dict[str, Callable[[], str]] = {"database": database, "storage": storage, "broker": broker, "workers": workers}


def versions() -> dict[str, str]:
    found = {name: version(name) for name in VERSIONS if name != "videoserver"}
    return {"videoserver": settings.VERSION, "python": platform.python_version()} | found


@lru_cache(maxsize=1)
def ffmpeg() -> dict[str, Any]:
    """Let the FFmpeg binary encode one frame: a binary that is only there proves nothing."""
    from imageio_ffmpeg import get_ffmpeg_exe  # looks for its binary, so only when somebody asks

    try:
        binary = settings.FFMPEG_BINARY or get_ffmpeg_exe()
        command = [binary, "-nostdin", "-v", "error", "-f", "lavfi", "-i", "color=s=64x64:d=0.04", "-c:v", "libx264"]
        subprocess.run([*command, "-f", "null", "-"], check=True, capture_output=True, timeout=20)  # noqa: S603
        told = subprocess.run([binary, "-version"], check=True, capture_output=True, timeout=20)  # noqa: S603
    except (OSError, RuntimeError, subprocess.SubprocessError) as error:
        logger.warning("FFmpeg does not work", error=str(error))
        return {"available": False, "version": None}
    return {"available": True, "version": told.stdout.decode().split()[2]}


def system() -> dict[str, Any]:
    disk, memory = shutil.disk_usage(settings.DATA_DIR), psutil.virtual_memory()
    return {
        "platform": platform.platform(),
        "cpus": psutil.cpu_count(),
        "load": psutil.getloadavg(),
        "memory_available": memory.available,
        "memory_total": memory.total,
        "disk_free": disk.free,
        "disk_total": disk.total,
        "workspaces": asdict(workspace.census()),
    }
