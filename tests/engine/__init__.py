"""Tests of the engine: pictures, sound, joining, checking."""
