"""`manage.py cleanup_segments`: remove cached segments that nobody used for long."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from rendering.models import Segment
from rendering.workflow import stored_segments
from rendering.workflow.segment_cache import SegmentCache, Use
from videoserver.work import ages


class Command(BaseCommand):
    help = (
        "Remove cached segments that were not used for longest, until the rest fits into SEGMENT_CACHE_BYTES, and what "
        "dead writers left. Never what a job under way needs; may run at any time, twice at once."
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--dry-run", action="store_true", help="say what would be removed, and remove nothing")
        parser.add_argument(
            "--older-than", type=ages.seconds, metavar="AGE", help=f"all that was not used for so long; {ages.HELP}"
        )

    def handle(self, *args: Any, dry_run: bool, older_than: float | None, **options: Any) -> None:
        cache = SegmentCache(settings.SEGMENTS_DIR)
        removed = total = 0
        for use in chain(needless(cache, older_than), cache.unfinished()):
            if dry_run or cache.remove(use):
                removed, total = removed + 1, total + use.size
        verb = "would be removed" if dry_run else "removed"
        self.stdout.write(f"{removed} segments {verb} from the cache, {ages.size(total)}.")
        if not dry_run:
            self.stdout.write(f"{stored_segments.sweep()} removed from the storage.")
        left = [use.size for use in cache.used()]
        self.stdout.write(f"{len(left)} are there now, {ages.size(sum(left))}.")


def needless(cache: SegmentCache, older_than: float | None) -> Iterator[Use]:
    """What may go, without what a job under way has rendered or waits for."""
    needed = set(Segment.objects.filter(job__finished_at=None).values_list("key", flat=True))
    found = cache.beyond(settings.SEGMENT_CACHE_BYTES) if older_than is None else cache.unused(older_than)
    return (use for use in found if use.path.stem not in needed)
