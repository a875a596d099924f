"""Management commands of rendering."""
