"""The render cluster: workers elsewhere that segments are rung to while they live; else they are rung here."""

from django.conf import settings

from videoserver.work import canary

HERE = "render"
"""The queue of the workers of this installation."""


def queue() -> str:
    """Where a segment is rung now."""
    return HERE if is_silent() else settings.RENDER_CLUSTER or HERE


def is_silent() -> bool:
    """Whether there should be a render cluster, but none of its workers answers."""
    return bool(settings.RENDER_CLUSTER) and not canary.alive(settings.RENDER_CLUSTER)


def fallback() -> str:
    """What a job says when it is rendered here instead."""
    return f"The render cluster {settings.RENDER_CLUSTER} does not answer; what it had to render is rendered here."
