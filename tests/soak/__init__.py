"""What by nature takes longer than a minute: `make soak`. Each step's shorter version is a test of the suite."""
