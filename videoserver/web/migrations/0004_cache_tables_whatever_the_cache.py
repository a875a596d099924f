"""Make the tables of the database cache where they are missing: with Redis as the cache, 0001 and 0003 made none.

Depends on no setting, so that Redis can be switched on and off at any time. Going back leaves the tables: earlier
migrations may have made them.
"""

from django.db import migrations, models

FIELDS = {
    "cache_key": models.CharField(max_length=255),
    "value": models.TextField(),
    "expires": models.DateTimeField(),
}


def make_tables(apps, schema_editor):
    connection = schema_editor.connection
    kinds = {name: field.db_type(connection) for name, field in FIELDS.items()}
    for table in ("cache", "counters"):
        # The same as `createcachetable` makes.
        schema_editor.execute(
            f'CREATE TABLE IF NOT EXISTS "{table}" ('
            f'"cache_key" {kinds["cache_key"]} NOT NULL PRIMARY KEY, '
            f'"value" {kinds["value"]} NOT NULL, '
            f'"expires" {kinds["expires"]} NOT NULL)'
        )
        schema_editor.execute(f'CREATE INDEX IF NOT EXISTS "{table}_expires" ON "{table}" ("expires")')


class Migration(migrations.Migration):
    dependencies = [("web", "0003_counters_table")]

    operations = [migrations.RunPython(make_tables, migrations.RunPython.noop, elidable=False)]
