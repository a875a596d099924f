"""The states of durable work, and what may stop a run."""

from django.db import models


class WorkState(models.TextChoices):
    """Where a row of work stands. A model may call its running state by another word."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELED = "canceled"


ENDED = (WorkState.COMPLETED, WorkState.FAILED, WorkState.CANCELED)


class WorkError(Exception):
    """The run must stop here."""


class LeaseLost(WorkError):
    """Somebody else has the row, or it has ended: touch nothing any more."""


class Canceled(WorkError):
    """Somebody asked for the work to be canceled."""


class DeadlinePassed(WorkError):
    """The time that the whole work had is over."""


class Stopping(WorkError):
    """This worker is shutting down: hand the row back."""
