"""An Errand: the smallest concrete WorkRow, with a parent that waits for it."""

from __future__ import annotations

from django.db import models

from videoserver.work.row import WorkRow, work_constraints


class Errand(WorkRow):
    """Something to do, told by its `orders`."""

    TASK = "tests.work.errands.tasks.run"
    PARTS = ("parts",)

    whole = models.ForeignKey("self", on_delete=models.CASCADE, null=True, related_name="parts")
    orders = models.JSONField(default=dict)
    result = models.CharField(max_length=200, blank=True)

    class Meta(WorkRow.Meta):
        constraints = [*work_constraints("errand")]

    def __str__(self) -> str:
        return f"Errand {self.pk}"

    def parent(self) -> WorkRow | None:
        whole: Errand | None = self.whole
        return whole
