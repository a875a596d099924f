"""The review room: storyboards, jobs and campaigns for staff."""

from rendering.admin import campaigns, jobs, storyboards

__all__ = ["campaigns", "jobs", "storyboards"]
