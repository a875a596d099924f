"""Durable work: rows that survive, the doorbell, limited children, workspaces."""
