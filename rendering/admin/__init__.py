"""The review room: storyboards, jobs and campaigns for staff."""

from rendering.admin import campaigns, jobs, machinery, storyboards, workers

__all__ = ["campaigns", "jobs", "machinery", "storyboards", "workers"]
