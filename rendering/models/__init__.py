"""Rows: storyboards, jobs and what belongs to them. They know no task, provider or engine."""
