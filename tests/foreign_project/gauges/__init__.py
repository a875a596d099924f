"""A user's own app, with a template that MoviePy draws."""
