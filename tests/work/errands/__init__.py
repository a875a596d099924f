"""An app with a WorkRow of its own, for the tests of durable work."""
