"""The admin of storyboards and jobs: by request, and in a real browser."""
