"""The quality gate: a job whose film is not what its plan says fails, unless its order accepts that."""

from __future__ import annotations

import structlog

from rendering.engine.findings import Finding
from rendering.engine.launch import SoundFile
from rendering.exceptions import QualityCheckFailed
from rendering.models import Job
from rendering.workflow.look import sentences

logger = structlog.get_logger(__name__)


def judge(job: Job, found: list[Finding], sound: SoundFile) -> None:
    """Keep what was measured; raise QualityCheckFailed unless the order accepts what was found."""
    said = sentences(found)
    unique = {each.detail: each for each in reversed(found)}
    job.keep(
        quality={
            "loudness_lufs": sound.loudness_lufs,
            "true_peak_dbtp": sound.true_peak_dbtp,
            "findings": [unique[sentence].to_json() for sentence in said],
        }
    )
    if not said:
        return
    if not job.options.get("accept_quality"):
        raise QualityCheckFailed(" ".join(said))
    for sentence in said:
        logger.warning(f"Job {job.pk}: Accepted - {sentence}")
        Job.warn(job.pk, sentence)
