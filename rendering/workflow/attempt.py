"""One attempt of a durable row: every way it can end becomes a move of the row."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar
from uuid import UUID

import structlog

from media_assets.exceptions import MediaError, StorageFull, StorageMismatch, full_disk_named
from rendering.exceptions import RenderingError
from rendering.models import Job, Prediction, Segment
from rendering.workflow import newer
from rendering.workflow.document import DocumentInvalid
from videoserver.work import runs
from videoserver.work.row import MISMATCH_PAUSE, Canceled, DeadlinePassed, LeaseLost, Stopping
from videoserver.work.sandbox import ChildFailed

logger = structlog.get_logger(__name__)
Row = TypeVar("Row", Job, Segment, Prediction)

INNER = frozenset({"internal_error", "child_died"})
NAMED_TO_THE_END = frozenset({StorageFull.code})
"""What somebody must mend before any retry: work whose attempts are spent on it says so."""
LONGEST_DETAIL = 2000
WENT_WRONG = "Something went wrong inside; the log has it under this job's id."


def make(row: Row, work: Callable[[Row], None]) -> None:
    """Run `work` on a claimed row. Never raises for the work's own failures: the row says how it ended."""
    with runs.logged(row, job_id=job_of(row)):
        try:
            run(row, work)
        except LeaseLost:
            # Also out of the moves below: whoever holds the row now decides.
            logger.warning(f"Job {job_of(row)}: Another worker took over; this run ends without a trace")


def run(row: Row, work: Callable[[Row], None]) -> None:
    try:
        with full_disk_named():
            work(row)
    except LeaseLost:
        raise
    except Stopping:
        row.release()
        logger.info(f"Job {job_of(row)}: The worker shuts down; the work goes back to the queue")
    except Canceled:
        row.cancel()
        logger.info(f"Job {job_of(row)}: Canceled")
    except DeadlinePassed:
        fail(row, *row.late())
    except StorageMismatch as error:
        row.release(pause=MISMATCH_PAUSE)
        logger.error(f"Job {job_of(row)}: The work goes back to the queue: {error}")
    except newer.NewerCode as error:
        if isinstance(row, Prediction) or not newer.leave(row):
            fail(row, error.code, error.detail, error.pointer)
        else:
            logger.warning(f"Job {job_of(row)}: Left to a worker with newer code: {error.detail}")
    except DocumentInvalid as error:
        first = error.errors[0]
        fail(row, first["code"], first["detail"], first["pointer"])
    except (RenderingError, MediaError, ChildFailed) as error:
        settle(row, error)
    except Exception:
        logger.exception(f"Job {job_of(row)}: Unexpected error")
        again(row, "internal_error", WENT_WRONG)


def settle(row: Row, error: RenderingError | MediaError | ChildFailed) -> None:
    """Bad input fails at once; what may pass is tried again later."""
    if isinstance(error, ChildFailed) and error.code == "render_timeout":
        logger.error(f"FFmpeg timed out for {error.folder}")
    elif isinstance(error, ChildFailed):
        logger.error(f"FFmpeg failed for {error.folder}: {error.detail}")
    if error.permanent:
        fail(row, error.code, error.detail, getattr(error, "pointer", ""))
    else:
        again(row, error.code, error.detail)


def fail(row: Row, code: str, detail: str, pointer: str = "") -> None:
    job_id = job_of(row)
    if code == "not_approved":
        logger.error(f"Job {job_id}: Storyboard not approved, cannot render video")
    else:
        logger.error(f"Job {job_id}: {detail}", code=code, pointer=pointer)
    row.fail(code, sayable(code, detail), pointer)
    logger.error(f"Job {job_id}: Marked as failed")


def again(row: Row, code: str, detail: str) -> None:
    """Try it once more later, or fail when the attempts are spent; the job's warnings keep what went wrong."""
    job_id, attempt = job_of(row), row.attempt
    logger.warning(f"Job {job_id}: Rendering attempt {attempt} failed - {detail}", code=code)
    public = sayable(code, detail)
    if code in NAMED_TO_THE_END and attempt >= row.max_attempts:
        Job.warn(job_id, f"Attempt {attempt} failed: {public}")
        fail(row, code, detail)
        return
    delay = row.retry(code, public)
    Job.warn(job_id, f"Attempt {attempt} failed: {public}")
    if delay is None:
        logger.error(f"Job {job_id}: Marked as failed", code="attempts_exhausted")
        return
    logger.info(f"Job {job_id}: Retrying in {delay}s...")
    Job.objects.filter(pk=job_id).live().update(message=f"Retrying in {delay}s...")


def sayable(code: str, detail: str) -> str:
    """What may be read outside: the inner texts of unexpected errors never leave the log."""
    return WENT_WRONG if code in INNER else detail[:LONGEST_DETAIL]


def job_of(row: Row) -> UUID:
    """The id under which people know the work."""
    return row.pk if isinstance(row, Job) else row.job_id
