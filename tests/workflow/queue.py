"""Runs what the queue would: every row that waits, one after the other, in this process."""

from __future__ import annotations

from rendering import tasks
from rendering.models import Job, Prediction, Segment

ROUNDS = 50


def work_off(job: Job) -> Job:
    """Call the tasks until nothing is left that may run now; the job as it is then."""
    for _ in range(ROUNDS):
        ids = [
            (task, pk)
            for task, rows in (
                (tasks.run_segment, Segment.objects.filter(job=job)),
                (tasks.run_prediction, Prediction.objects.filter(job=job)),
                (tasks.run_job, Job.objects.filter(pk=job.pk)),
            )
            for pk in rows.claimable().values_list("pk", flat=True)
        ]
        if not ids:
            break
        for task, pk in ids:
            task(str(pk))
    job.refresh_from_db()
    return job


def let_time_pass(job: Job) -> None:
    """Make due what waits for a later try."""
    for model in (Job, Segment, Prediction):
        key = {"pk": job.pk} if model is Job else {"job": job}
        model.objects.filter(run_after__isnull=False, **key).live().update(run_after=job.created_at)
