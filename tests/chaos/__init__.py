"""A whole videoserver under seeded faults: what is promised must hold whatever dies, and whenever."""
