"""What is raised by a process that differs from the others of its database. Knows no Django."""


class Disagreement(Exception):
    """This process differs from the others; its text says in what, and what to do."""
