"""Make the table of the database cache, which counts calls and holds what must be shared between processes."""

from django.core.management import call_command
from django.db import migrations


def make_table(apps, schema_editor):
    # Does nothing when the cache is Redis, or when the table is there.
    call_command("createcachetable", database=schema_editor.connection.alias, verbosity=0)


class Migration(migrations.Migration):
    dependencies = []

    operations = [migrations.RunPython(make_table, migrations.RunPython.noop, elidable=False)]
