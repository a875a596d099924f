"""Templates: validated fields in, a Timeline out; no pixels."""
