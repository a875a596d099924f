"""The Django app."""

from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate


class ErrandsConfig(AppConfig):
    name = "tests.work.errands"
    label = "errands"

    def ready(self) -> None:
        """Every database of the suite knows its storage and its secret, also after it was emptied."""
        post_migrate.connect(agree, sender=self)


def agree(**_: object) -> None:
    if apps.is_installed("media_assets"):
        from media_assets import identity
        from videoserver.work import agreement

        agreement.check_secret()
        identity.check()
