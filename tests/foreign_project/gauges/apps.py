"""Registers the app's template."""

from django.apps import AppConfig

from rendering.video_templates import catalogue


class GaugesConfig(AppConfig):
    name = "gauges"

    def ready(self) -> None:
        from gauges.template import Gauge

        catalogue.register(Gauge)
