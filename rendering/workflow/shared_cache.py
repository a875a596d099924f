"""The cache with the storage behind it: what another machine rendered is received, and kept here from then on."""

from __future__ import annotations

from rendering.engine.launch import SegmentFile
from rendering.workflow import stored_segments
from rendering.workflow.segment_cache import SegmentCache
from videoserver.work import workspace


class SharedCache(SegmentCache):
    """For what renders with a database at hand, but outside of the queue."""

    def find(self, key: str) -> SegmentFile | None:
        """The segment from this disk, else from the storage; what comes damaged counts as not there."""
        return super().find(key) or self.receive(key)

    def receive(self, key: str) -> SegmentFile | None:
        row = stored_segments.known([key]).get(key)
        if row is None:
            return None
        with workspace.scratch("receive") as folder:
            file = stored_segments.receive(row, folder, lambda _: None)
            return self.put(key, file) if file else None
