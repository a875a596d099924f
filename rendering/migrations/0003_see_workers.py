"""Let reviewers and operators, who see everything, see the workers."""

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations

GROUPS = ("reviewer", "operator")


def allow(apps, schema_editor):
    # Permissions are made after all migrations; the groups need this one now.
    create_permissions(installed.get_app_config("work"), verbosity=0, apps=apps, using=schema_editor.connection.alias)
    permission = apps.get_model("auth", "Permission").objects.get(
        codename="view_worker", content_type__app_label="work"
    )
    for group in apps.get_model("auth", "Group").objects.filter(name__in=GROUPS):
        group.permissions.add(permission)


def forbid(apps, schema_editor):
    permissions = apps.get_model("auth", "Permission").objects.filter(
        codename="view_worker", content_type__app_label="work"
    )
    for group in apps.get_model("auth", "Group").objects.filter(name__in=GROUPS):
        group.permissions.remove(*permissions)


class Migration(migrations.Migration):
    dependencies = [("rendering", "0002_groups"), ("work", "0001_initial")]

    operations = [migrations.RunPython(allow, forbid)]
