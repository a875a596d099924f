"""Make the table of the counters' own cache, so that nothing else that is cached can push a counter out."""

from django.core.management import call_command
from django.db import migrations


def make_table(apps, schema_editor):
    # Does nothing when the cache is Redis, or when the table is there.
    call_command("createcachetable", database=schema_editor.connection.alias, verbosity=0)


class Migration(migrations.Migration):
    dependencies = [("web", "0002_kept_answers")]

    operations = [migrations.RunPython(make_table, migrations.RunPython.noop, elidable=False)]
