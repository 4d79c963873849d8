"""The utilities that the portal can be tried against: another company, on another origin."""

from django.apps import AppConfig
from django.conf import settings

from utilities.sandbox.authenticating import text_messages


class SandboxConfig(AppConfig):
    name = "utilities.sandbox"
    label = "sandbox"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """A backend that is not there stops the start, not the first customer."""
        text_messages.backend(settings.SMS_BACKEND)
