"""What must be true when the dust has settled, whatever happened."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from tests.chaos.adversary import Adversary
from tests.chaos.client import Answer, Client
from tests.chaos.site import Site

INSPECT = """
import json
from django.core.files.storage import storages
from media_assets.models import MediaAsset, MediaImport
from rendering.models import Job, Segment
from videoserver.work import line
jobs = {}
for job in Job.objects.prefetch_related("results__asset", "segments", "predictions"):
    jobs[str(job.pk)] = {
        "status": job.status, "code": job.error_code, "attempt": job.attempt, "retries": job.retry_count,
        "results": [[r.asset.checksum, r.asset.status, r.frames] for r in job.results.all()],
        "children": [row.status for rows in job.children() for row in rows],
        "deaths": sum(row.attempt - 1 for rows in job.children() for row in rows),
    }
keys = {key for pair in MediaAsset.objects.values_list("key", "thumbnail_key") for key in pair if key}
keys |= set(Segment.objects.exclude(stored="").values_list("stored", flat=True))
storage = storages["media"]
def walk(folder):
    folders, files = storage.listdir(folder)
    for name in files:
        yield f"{folder}/{name}".lstrip("/")
    for name in folders:
        yield from walk(f"{folder}/{name}".lstrip("/"))
files = {name for name in walk("") if not name.startswith(("identity/", "workers/"))}
imported = {str(i.asset_id): [i.asset.status, i.asset.error_code, i.asset.checksum] for i in MediaImport.objects.all()}
live = {model.__name__: model.objects.live().count() for model in line.models()}
found = {"jobs": jobs, "live": live, "imported": imported, "missing": sorted(keys - files), "extra": len(files - keys)}
print("FOUND" + json.dumps(found))
"""


RECOVERY = 30.0
"""Seconds that the web server has to find the database again."""


@dataclass
class Verdict:
    """What was found; `broken` is empty when every promise was kept."""

    figures: dict[str, Any] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)

    def must(self, truth: bool, told: str) -> None:
        if not truth:
            self.broken.append(told)


def judge(site: Site, client: Client, adversary: Adversary) -> Verdict:
    """Look at everything; the worker is stopped for it."""
    verdict = Verdict(broken=list(adversary.violations))
    found = json.loads(site.server.manage("shell", "-v0", "-c", INSPECT).split("FOUND", 1)[1])
    jobs: dict[str, dict[str, Any]] = found["jobs"]
    lost = [pk for pk in client.accepted if pk not in jobs or jobs[pk]["status"] in ("queued", "rendering")]
    verdict.must(not lost, f"{len(lost)} accepted jobs are lost or have not ended: {lost[:3]}")
    verdict.must(set(jobs) == set(client.accepted), "There are jobs that nobody has an answer for.")
    verdict.must(not any(found["live"].values()), f"Rows of work have not ended: {found['live']}")
    verdict.must(not found["missing"], f"Rows name files that are gone: {found['missing'][:3]}")
    checksum = hashlib.sha256(client.clip).hexdigest()
    for pk in client.imported:
        state, code, kept = found["imported"].get(pk, ["lost", "", ""])
        verdict.must((state, kept) == ("ready", checksum), f"The import {pk} is {state} {code}.")
    verdict.must(set(found["imported"]) == set(client.imported), "There are imports that nobody has an answer for.")
    for failure in client.failures:
        verdict.must(is_promised(failure, adversary), f"Answered {failure.status}: {failure.told}")
    away = [order for order in client.orders if within(order.at, adversary.redis_faults)]
    verdict.must(bool(away) or not adversary.redis_faults, "Nothing was ordered while Redis was away.")
    whole = [judge_job(verdict, client, adversary, pk, job) for pk, job in jobs.items() if pk in client.accepted]
    if wrong := site.end_worker():
        verdict.broken.append(wrong)
    site.server.manage("cleanup_workspaces", "--older-than", "0")
    root = site.data / "workspaces"
    left = sorted(folder.name for folder in root.iterdir()) if root.is_dir() else []
    verdict.must(not left, f"Workspaces are left after the sweep: {left[:3]}")
    strangers = [process.pid for process in site.server.family() if not of_the_web(site, process)]
    verdict.must(not strangers, f"Orphan processes: {strangers}")
    states = [job["status"] for job in jobs.values()]
    verdict.figures = {
        "jobs": len(jobs),
        **{state: states.count(state) for state in ("completed", "canceled", "failed")},
        "imports": len(client.imported),
        "lost": len(lost),
        "double results": sum(len(job["results"]) > 1 for job in jobs.values()),
        "films whose bytes were compared": sum(whole),
        "orphan processes": len(strangers),
        "workspaces left after the sweep": len(left),
        "attempts lost to deaths": sum(max(job["attempt"] - 1, 0) + job["deaths"] for job in jobs.values()),
        "files without a row, for the daily sweep": found["extra"],
        "requests asked again": client.asked_again,
        "answers 5xx": {code: count for code, count in client.refusals.items() if code >= 500},
        "calls answered while Redis was away": len(away),
        "seconds that the slowest of them took": round(max((order.seconds for order in away), default=0.0), 2),
        "faults": sum(adversary.done.values()),
    }
    return verdict


def is_promised(failure: Answer, adversary: Adversary) -> bool:
    """The contract lets a server fail with 503 while its database is away; nothing else is ever taken from it here."""
    kept = (failure.status, failure.code) == (503, "database_away")
    return kept and within(failure.at + failure.seconds, adversary.database_faults, RECOVERY)


def within(at: float, faults: list[tuple[float, float]], after: float = 0.0) -> bool:
    return any(began <= at <= ended + after for began, ended in faults)


def judge_job(verdict: Verdict, client: Client, adversary: Adversary, pk: str, job: dict[str, Any]) -> bool:
    """One job's promises; whether its film was compared."""
    ordered = client.accepted[pk]
    status, results = job["status"], job["results"]
    verdict.must(status in ("completed", "canceled"), f"The job {pk} ended as {status}: {job['code']}")
    verdict.must(status != "canceled" or pk in adversary.canceled, f"Nobody canceled the job {pk}.")
    verdict.must(status != "canceled" or not results, f"The canceled job {pk} has results.")
    if status != "completed":
        return False
    verdict.must(set(job["children"]) <= {"completed"}, f"The job {pk} is completed, its parts are {job['children']}.")
    if not ordered["frames"]:
        return False
    verdict.must(len(results) == 1, f"The job {pk} has {len(results)} results.")
    checksum, state, frames = results[0]
    verdict.must((state, frames) == ("ready", ordered["frames"]), f"The film of {pk} is {state} with {frames} frames.")
    verdict.must(hashlib.sha256(client.film(pk)).hexdigest() == checksum, f"The film of {pk} has other bytes.")
    return True


def of_the_web(site: Site, process: Any) -> bool:
    pids = {process.pid, *(parent.pid for parent in process.parents())}
    return site.web.pid in pids
