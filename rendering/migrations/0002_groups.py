"""The groups author, reviewer and operator, with Django's own permissions."""

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations

EDITED = ["storyboard", "scene", "campaign", "mediaasset", "folder"]
SHOWN = [*EDITED, "review", "assetuse", "job", "segment", "jobresult", "jobinput", "prediction", "mediaimport"]
GROUPS = {
    "author": [f"{verb}_{name}" for name in EDITED for verb in ("add", "change", "delete")]
    + [f"view_{name}" for name in SHOWN]
    + ["add_job", "change_job"],
    "reviewer": [f"view_{name}" for name in SHOWN] + ["approve_storyboard", "add_review", "add_job"],
    "operator": [f"view_{name}" for name in SHOWN]
    + ["add_job", "change_job", "prioritize_job", "change_campaign", "change_mediaasset", "delete_mediaasset"],
}


def make_groups(apps, schema_editor):
    # Permissions are made after all migrations; the groups need them now.
    for label in ("media_assets", "rendering"):
        create_permissions(installed.get_app_config(label), verbosity=0, apps=apps, using=schema_editor.connection.alias)
    Group = apps.get_model("auth", "Group")
    Permission = apps.get_model("auth", "Permission")
    for name, codenames in GROUPS.items():
        group, _ = Group.objects.get_or_create(name=name)
        found = Permission.objects.filter(
            codename__in=codenames, content_type__app_label__in=("media_assets", "rendering")
        )
        if missing := set(codenames) - {permission.codename for permission in found}:
            raise RuntimeError(f"There are no permissions {sorted(missing)}.")
        group.permissions.add(*found)


def remove_groups(apps, schema_editor):
    apps.get_model("auth", "Group").objects.filter(name__in=GROUPS).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("rendering", "0001_initial"),
        ("media_assets", "0001_media_assets"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(make_groups, remove_groups)]
