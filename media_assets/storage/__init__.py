"""Where the bytes are: write-once keys behind Django's storage API, and ranges of a stored file."""
