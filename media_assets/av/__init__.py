"""The child process that opens strangers' bytes: no Django, no database, limited memory and time."""
