"""What a visitor types in, read strictly."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from authorizations.connecting import prefill
from greenbutton.espi import scope as espi_scope
from greenbutton.espi.errors import ScopeError
from portal.demo_site.steps import TOKENS, token_for
from utilities.models import Utility

# RFC 6749 appendix A.1: an id is VSCHAR.
_CLIENT_ID = re.compile(r"[\x21-\x7e]+")
_SECRET = re.compile(r"[\x20-\x7e]+")
# As the API takes them: ISO 8601, or a number. The explorer may send nonsense to see the refusal,
# but nothing that is no query value.
_QUERY_VALUE = re.compile(r"[A-Za-z0-9:.+_-]{0,64}")
QUERY = (
    "published-min",
    "published-max",
    "updated-min",
    "updated-max",
    "max-results",
    "start-index",
    "depth",
)
FITTING = "fitting"
TOKEN_CHOICES = [(FITTING, "the one that opens the address"), *TOKENS.items()]


class ClientForm(forms.Form):
    """A client of a utility in the registry, pasted."""

    utility = forms.ModelChoiceField(
        Utility.objects.none(), to_field_name="utility_id", empty_label="Choose a utility"
    )
    client_id = forms.CharField(max_length=200, label="Client ID")
    client_secret = forms.CharField(
        max_length=1000,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        label="Client secret",
    )
    registration_token = forms.CharField(
        max_length=4096,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        label="Registration access token (optional)",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice = self.fields["utility"]
        assert isinstance(choice, forms.ModelChoiceField)
        choice.queryset = with_addresses()
        for field in self.fields.values():
            field.widget.attrs.setdefault("autocomplete", "off")
            field.widget.attrs.setdefault("spellcheck", "false")

    def clean_client_id(self) -> str:
        return _matching(_CLIENT_ID, self.cleaned_data["client_id"], "A client ID")

    def clean_client_secret(self) -> str:
        return _matching(_SECRET, self.cleaned_data["client_secret"], "A client secret")

    def clean_registration_token(self) -> str:
        text: str = self.cleaned_data["registration_token"]
        return _matching(_CLIENT_ID, text, "A registration token") if text else ""


class AskForm(forms.Form):
    """What is asked for, as a scope string, and who is going to sign in."""

    scope = forms.CharField(max_length=1000)
    way = forms.CharField(max_length=64, required=False)
    value = forms.CharField(max_length=prefill.MAX_LENGTH, required=False)

    def __init__(self, utility: Utility, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.utility = utility

    def clean_scope(self) -> espi_scope.Scope:
        try:
            return espi_scope.parse(self.cleaned_data["scope"])
        except ScopeError as e:
            raise ValidationError(str(e)) from e

    def clean(self) -> dict[str, Any]:
        """`asked` is the scope as it is sent, with the prefill in it."""
        cleaned = super().clean() or self.cleaned_data
        if "scope" in cleaned:
            chosen = prefill.read(self.utility, cleaned.get("way", ""), cleaned.get("value", ""))
            cleaned["asked"] = prefill.asked(cleaned["scope"], chosen)
        return cleaned


class ExploreForm(forms.Form):
    """An address of the API, the token to open it with, and what of it is wanted."""

    address = forms.CharField(max_length=500)
    token = forms.ChoiceField(choices=TOKEN_CHOICES)

    def __init__(self, utility: Utility, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.utility = utility
        for name in QUERY:
            self.fields[name] = forms.CharField(max_length=64, required=False)

    @property
    def query(self) -> dict[str, str]:
        """The query parameters that were filled in."""
        return {name: self.cleaned_data[name] for name in QUERY if self.cleaned_data.get(name)}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for name in QUERY:
            if not _QUERY_VALUE.fullmatch(cleaned.get(name, "")):
                self.add_error(name, "Letters, digits and : . + _ - only.")
        if cleaned.get("token") == FITTING:
            status_token = self.utility.behaviour.status_token
            cleaned["token"] = token_for(cleaned.get("address", ""), status_token)
        return cleaned


def with_addresses() -> Any:
    """The utilities that can be spoken to: customers need not be able to choose them yet."""
    return Utility.objects.exclude(authorize_url="").exclude(token_url="").order_by("name")


def _matching(pattern: re.Pattern[str], text: str, what: str) -> str:
    if not pattern.fullmatch(text):
        raise ValidationError(f"{what} is made of printable characters, without line breaks.")
    return text
