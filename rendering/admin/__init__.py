"""The review room: storyboards, jobs and campaigns for staff."""
