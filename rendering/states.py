"""Every status word of rendering, and every allowed move."""

from django.db.models import TextChoices


class StoryboardState(TextChoices):
    DRAFT = "draft"
    IN_REVIEW = "in_review"
    APPROVED = "approved"
    CHANGES_REQUESTED = "changes_requested"
    REJECTED = "rejected"


STORYBOARD_MOVES: dict[StoryboardState, frozenset[StoryboardState]] = {
    StoryboardState.DRAFT: frozenset({StoryboardState.IN_REVIEW}),
    StoryboardState.IN_REVIEW: frozenset(
        {
            StoryboardState.DRAFT,
            StoryboardState.APPROVED,
            StoryboardState.CHANGES_REQUESTED,
            StoryboardState.REJECTED,
        }
    ),
    StoryboardState.APPROVED: frozenset({StoryboardState.DRAFT, StoryboardState.CHANGES_REQUESTED}),
    StoryboardState.CHANGES_REQUESTED: frozenset({StoryboardState.DRAFT, StoryboardState.IN_REVIEW}),
    StoryboardState.REJECTED: frozenset({StoryboardState.DRAFT}),
}
"""An edit leads back to draft from anywhere; an approval can be taken back by requesting changes."""


class Verdict(TextChoices):
    APPROVED = "approved"
    CHANGES_REQUESTED = "changes_requested"
    REJECTED = "rejected"


class JobState(TextChoices):
    QUEUED = "queued"
    RENDERING = "rendering"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELED = "canceled"


LIVE = (JobState.QUEUED, JobState.RENDERING)
ENDED = (JobState.COMPLETED, JobState.FAILED, JobState.CANCELED)


class JobKind(TextChoices):
    STORYBOARD = "storyboard"
    TEMPLATE = "template"
    TRIM = "trim"
    CONCATENATE = "concatenate"
    GENERATE = "generate"


RUN_HERE = frozenset({JobKind.STORYBOARD, JobKind.TEMPLATE, JobKind.GENERATE})
"""The kinds that this code can run. The others are named already, so that older workers leave them to newer ones."""


class Stage(TextChoices):
    FETCHING = "fetching"
    GENERATING = "generating"
    RENDERING = "rendering"
    COMBINING = "combining"
    CHECKING = "checking"
    SAVING = "saving"
