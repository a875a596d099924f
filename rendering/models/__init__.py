"""Rows: storyboards, jobs and what belongs to them. They know no task, provider or engine."""

from rendering.models.campaign import Campaign
from rendering.models.job import Job, JobInput, JobResult
from rendering.models.prediction import Prediction, PredictionKind
from rendering.models.segment import Segment
from rendering.models.storyboard import CONTENT_FIELDS, AssetUse, Review, Scene, Storyboard

__all__ = [
    "CONTENT_FIELDS",
    "AssetUse",
    "Campaign",
    "Job",
    "JobInput",
    "JobResult",
    "Prediction",
    "PredictionKind",
    "Review",
    "Scene",
    "Segment",
    "Storyboard",
]
