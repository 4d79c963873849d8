"""The utilities that the portal can be tried against: another company, on another origin."""

from django.apps import AppConfig


class SandboxConfig(AppConfig):
    name = "utilities.sandbox"
    label = "sandbox"
    default_auto_field = "django.db.models.BigAutoField"
