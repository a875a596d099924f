"""Whole stories, told to real servers and workers."""
