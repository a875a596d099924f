"""The Django app."""

from django.apps import AppConfig


class ErrandsConfig(AppConfig):
    name = "tests.work.errands"
    label = "errands"
