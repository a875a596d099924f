"""The library: models, storage, the child, the way in and the way out."""
