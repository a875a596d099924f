"""Measurements, not tests: how fast the engine is against the floor and against the usual ways."""
