"""The portal: the pages and commands that tie the other apps together."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "portal"

    def ready(self) -> None:
        """Register the system checks and load the Celery application."""
        from portal import celery, checks  # noqa: F401 (need the settings and the app registry)
