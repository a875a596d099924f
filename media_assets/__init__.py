"""The media library: every file that we own, stored, hashed and probed."""
