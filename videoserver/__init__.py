"""The top floor: wires the apps together; imported by nobody below it."""
