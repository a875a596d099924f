"""The library's door for programs."""
