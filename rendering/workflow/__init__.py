"""Deeds that touch more than one row, the queue, money or a provider."""
