"""Tasks of the library: each takes an id, is safe to call twice, and answers whether it had the row."""

from media_assets import imports
from media_assets.models import MediaImport


def run_import(import_id: str) -> bool:
    """Fetch an asset's bytes."""
    if row := MediaImport.objects.claim(import_id):
        imports.make(row)
    return row is not None
