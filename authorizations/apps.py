"""Consent: how a customer authorizes this company, and what came of it."""

from django.apps import AppConfig


class AuthorizationsConfig(AppConfig):
    name = "authorizations"
