"""Tasks: each takes an id and is safe to call twice. Claiming the row decides who runs it; the answer says whether."""

from collections.abc import Callable

from rendering.models import Job, Prediction, Segment
from rendering.states import JobKind
from rendering.workflow import attempt, generate, run, segment_run

RUNS: dict[str, Callable[[Job], None]] = {
    JobKind.STORYBOARD: run.run,
    JobKind.TEMPLATE: run.run,
    JobKind.GENERATE: generate.run,
}
"""What runs a job of each kind in `RUN_HERE`; others are never claimed."""


def run_job(job_id: str) -> bool:
    """A job's next step: plan and hand out its segments, or join them; for a generation the same with predictions."""
    if job := Job.objects.claim(job_id):
        attempt.make(job, RUNS[job.kind])
    return job is not None


def run_segment(segment_id: str) -> bool:
    """Render one segment."""
    if segment := Segment.objects.claim(segment_id):
        attempt.make(segment, segment_run.run_segment)
    return segment is not None


def run_prediction(prediction_id: str) -> bool:
    """Let the provider make one thing."""
    if prediction := Prediction.objects.claim(prediction_id):
        attempt.make(prediction, generate.run_prediction)
    return prediction is not None


render_video_task = run_job
"""The name that callers of older services know."""
