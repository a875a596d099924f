"""Timelines to films. No Django: plain JSON in, files out."""
