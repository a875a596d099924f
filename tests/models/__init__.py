"""Tests of rows: states, moves, constraints."""
