"""What people and programs say when a company registers, read strictly.

There are three doors (the page, JSON by RFC 7591, an ApplicationInformation) and one reader: each
door's words become the data of one of these forms.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from greenbutton.espi import ScopeError
from greenbutton.espi import scope as scopes
from utilities.sandbox.consenting.terms import Terms
from utilities.sandbox.models import LONGEST_ADDRESS, Registration
from utilities.sandbox.registering import addresses

MOST_ADDRESSES = 20
MOST_CONTACTS = 10
# django.contrib.auth keeps a name in so many characters; here it is the e-mail address.
LONGEST_EMAIL = 150
# Control characters and ends of lines, and halves of characters.
NO_TEXT = {"Cc", "Cs", "Zl", "Zp"}
# What turns the direction of writing, so that a name on the consent page reads as another one; and
# what XML 1.0 §2.2 has no place for.
MISLEADING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufffe\uffff"


def _check_characters(text: str) -> None:
    if any(unicodedata.category(each) in NO_TEXT or each in MISLEADING for each in text):
        raise ValidationError("Please write this on one line, in ordinary characters.")


class Words(forms.CharField):
    """A line of text that can stand on our pages, in an e-mail's head, and in a document."""

    def clean(self, value: Any) -> str:
        text: str = super().clean(value)
        _check_characters(text)
        return text


class Email(forms.EmailField):
    """An e-mail address. Between quotes, RFC 5322 lets control characters into one; we do not."""

    def clean(self, value: Any) -> str:
        email: str = super().clean(value)
        _check_characters(email)
        return email


class Address(Words):
    """One address, as `addresses.check` wants it; may be left out."""

    widget = forms.URLInput

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, max_length=LONGEST_ADDRESS, **options)

    def clean(self, value: Any) -> str:
        address = super().clean(value)
        if address:
            _check_address(address)
        return address


class Lines(forms.Field):
    """Several texts: one a line in a page, a list elsewhere; each of them once."""

    widget = forms.Textarea
    most = 0

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> list[str]:
        given = value.splitlines() if isinstance(value, str) else list(value or [])
        texts = [line.strip() for line in given] if isinstance(value, str) else given
        return list(dict.fromkeys(text for text in texts if text))

    def validate(self, value: Sequence[str]) -> None:
        super().validate(value)
        if len(value) > self.most:
            raise ValidationError(f"Please give {self.most} at most.")
        for text in value:
            self.check_one(text)

    def check_one(self, text: str) -> None:
        """Raise ValidationError for one that cannot be taken."""
        raise NotImplementedError

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(self.to_python(initial) != self.to_python(data))


class Addresses(Lines):
    """The redirect URIs. They are compared character by character later, so they stay as sent."""

    most = MOST_ADDRESSES

    def check_one(self, text: str) -> None:
        _check_address(text)


class Emails(Lines):
    """The e-mail addresses that the utility writes to."""

    most = MOST_CONTACTS

    def check_one(self, text: str) -> None:
        validate_email(text)
        _check_characters(text)
        if len(text) > LONGEST_EMAIL:
            raise ValidationError("This e-mail address is too long.")


def _check_address(address: str) -> None:
    try:
        addresses.check(address)
    except addresses.AddressError as e:
        raise ValidationError(str(e), code="address") from e


class Details(forms.ModelForm[Registration]):
    """What a company says of itself on a page."""

    company_name = Words(
        max_length=200,
        label="Company name",
        help_text="As customers know you: it stands on our consent page.",
    )
    email = Email(
        max_length=LONGEST_EMAIL,
        label="Contact e-mail",
        help_text="Where we write to about your registration.",
    )
    phone = Words(max_length=32, required=False, label="Phone", widget=forms.TextInput)
    website = Address(label="Website")
    purpose = Words(
        max_length=256,
        label="What the data is for",
        help_text="A sentence or two, for our review and for our list of companies.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    redirect_uris = Addresses(
        label="Redirect URIs",
        help_text="Where customers return to, one a line: https, or http on your own machine. "
        "The one that a link names must equal one of these to the letter.",
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "autocapitalize": "off"}),
    )
    notify_uri = Address(
        label="Notify URL",
        help_text="Where we post a notice when there is new data. Leave it empty for none.",
    )
    default_scope = forms.CharField(
        max_length=scopes.MAX_LENGTH,
        strip=False,
        label="Default scope",
        help_text="What a link without a scope asks for.",
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocapitalize": "off"}),
    )
    requires_pkce = forms.BooleanField(
        required=False,
        label="Always with PKCE",
        help_text="A link without a code challenge is then refused.",
    )

    class Meta:
        model = Registration
        fields: tuple[str, ...] = (
            "company_name",
            "email",
            "phone",
            "website",
            "purpose",
            "redirect_uris",
            "notify_uri",
            "default_scope",
            "requires_pkce",
        )

    def clean_default_scope(self) -> str:
        """A scope that customers can be asked for."""
        text: str = self.cleaned_data["default_scope"]
        try:
            Terms(scopes.parse(text), self.instance.programme.zone)
        except ScopeError as e:
            raise ValidationError(str(e)) from e
        return text


class Metadata(Details):
    """What a program can say besides: all that RFC 7591 and ApplicationInformation have."""

    website = Address()
    purpose = Words(max_length=256, required=False)
    more_contacts = Emails(required=False)
    software_id = Words(max_length=256, required=False)
    software_version = Words(max_length=32, required=False)
    logo_uri = Address()
    tos_uri = Address()
    policy_uri = Address()
    scope_selection_uri = Address()
    user_portal_uri = Address()

    class Meta(Details.Meta):
        fields = (
            *Details.Meta.fields,
            "more_contacts",
            "software_id",
            "software_version",
            "application_type",
            "application_use",
            "logo_uri",
            "tos_uri",
            "policy_uri",
            "scope_selection_uri",
            "user_portal_uri",
        )

    def __init__(self, data: Mapping[str, Any], instance: Registration) -> None:
        """`data` has the model's names; what it leaves out is empty from now on."""
        super().__init__(data=dict(data), instance=instance)


def first_error(form: Metadata) -> tuple[str, str]:
    """The first field of a form that is not valid, and what is wrong with it."""
    field, errors = next(iter(form.errors.get_json_data().items()))
    return field, " ".join(str(error["message"]) for error in errors)


class NewAccount(forms.Form):
    """Somebody who signs in for a company, for the first time."""

    account_email = Email(
        max_length=LONGEST_EMAIL,
        label="Your e-mail address",
        help_text="You sign in with it.",
        widget=forms.EmailInput(attrs={"autocomplete": "username"}),
    )
    password = forms.CharField(
        max_length=200,
        strip=False,
        label="Password",
        help_text="At least 8 characters, not a common word.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean_account_email(self) -> str:
        """One account an address."""
        email = self.cleaned_data["account_email"].lower()
        if User.objects.filter(username=email).exists():
            raise ValidationError("There is an account with this address. Please sign in first.")
        return str(email)

    def clean(self) -> dict[str, Any]:
        """A password that is not guessed at once."""
        cleaned = super().clean() or {}
        if "password" in cleaned:
            email = cleaned.get("account_email", "")
            try:
                validate_password(cleaned["password"], User(username=email, email=email))
            except ValidationError as e:
                self.add_error("password", e)
        return cleaned

    def make(self) -> User:
        """The account. Raises IntegrityError if somebody else just made it."""
        email = self.cleaned_data["account_email"]
        return User.objects.create_user(email, email, self.cleaned_data["password"])


class AcceptTerms(forms.Form):
    """The programme's terms."""

    terms = forms.BooleanField(
        label="We accept the terms",
        help_text="What you may do with customers’ data, and what you must not.",
        error_messages={"required": "We can only register you if you accept the terms."},
    )
