"""The REST door of rendering."""
