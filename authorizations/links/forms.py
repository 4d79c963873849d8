"""The form in which staff make a data-share link."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms import ModelForm
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminEmailInputWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminSingleDateWidget,
    UnfoldAdminTextInputWidget,
)

from authorizations import emails
from authorizations.connecting import prefill
from authorizations.links import asking
from authorizations.links.asking import Wish
from authorizations.models import ReturnAddress, ShareLink
from greenbutton.espi.errors import ScopeError
from utilities.admin import checked_scope
from utilities.models import Utility
from utilities.staff import WhyForm

EXPECTED_LENGTH = 200


def ways_to_choose() -> Iterator[tuple[str, Any]]:
    """The ways to authenticate, by utility; a choice names both, as in `svce:phone`."""
    yield "", "As the utility prefers"
    for utility in Utility.objects.enabled():
        ways = utility.authentication_ways
        yield utility.name, [(f"{utility.slug}:{way['type']}", way["label"]) for way in ways]


class AskingForm(forms.Form):
    """What a link asks for, as choices."""

    kinds = forms.MultipleChoiceField(
        label="What",
        required=False,
        choices=asking.KINDS,
        widget=UnfoldAdminCheckboxSelectMultipleWidget(),
        help_text="Tick nothing to ask for what the registration with the utility says.",
    )
    history = forms.ChoiceField(
        label="How far back",
        required=False,
        choices=asking.HISTORY,
        widget=UnfoldAdminSelectWidget(),
    )
    ends = forms.ChoiceField(
        label="Until when",
        required=False,
        choices=asking.ENDS,
        widget=UnfoldAdminSelectWidget(),
    )
    ends_on = forms.DateField(label="The day", required=False, widget=UnfoldAdminSingleDateWidget())
    often = forms.ChoiceField(
        label="How often new data comes",
        required=False,
        choices=asking.OFTEN,
        widget=UnfoldAdminSelectWidget(),
    )

    def wish(self) -> Wish:
        """What was chosen, once the form is clean."""
        said = self.cleaned_data
        return Wish(
            kinds=said.get("kinds", ()),
            history=said.get("history", ""),
            ends=said.get("ends", ""),
            ends_on=said.get("ends_on"),
            often=said.get("often", ""),
        )


ASKED = ("kinds", "history", "ends", "ends_on", "often")


def asked_in(given: QueryDict) -> str:
    """The scope that choices on their way make, or that is typed; raises ScopeError."""
    typed = given.get("scope", "").strip()
    form = AskingForm(given)
    if not form.is_valid():
        raise ScopeError("One of the choices is none of those that are offered.")
    return typed or asking.scope_of(form.wish())


class NewShareLinkForm(AskingForm, ModelForm[ShareLink]):
    """Everything about a link that is settled when it is made."""

    customer_email = forms.EmailField(
        label="Customer's e-mail address",
        required=False,
        max_length=emails.ADDRESS_MAX_LENGTH,
        help_text="Where “Send by e-mail” sends the link. Kept encrypted, shown masked.",
        widget=UnfoldAdminEmailInputWidget(attrs={"autocomplete": "off"}),
    )
    way = forms.ChoiceField(
        label="How the customer says who they are",
        required=False,
        choices=ways_to_choose,
        widget=UnfoldAdminSelectWidget(),
    )
    prefill = forms.CharField(
        label="Prefilled with",
        required=False,
        max_length=prefill.MAX_LENGTH,
        help_text="For example the account number, if you know it. Kept encrypted, shown masked.",
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
    )
    expected_account = forms.CharField(
        label="Expected account number",
        required=False,
        max_length=EXPECTED_LENGTH,
        help_text="If the data that arrives is of another account, you are told.",
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
    )
    expected_address = forms.CharField(
        label="Expected service address",
        required=False,
        max_length=EXPECTED_LENGTH,
        help_text="Street and number are enough. Both need the account details to be shared.",
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
    )

    class Meta:
        model = ShareLink
        fields = [
            "utility",
            "language",
            "customer_email",
            "reference",
            "note",
            "scope",
            "expected_account",
            "expected_address",
            "expires_at",
            "single_use",
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        utility = self.fields["utility"]
        assert isinstance(utility, forms.ModelChoiceField)
        utility.queryset = Utility.objects.enabled()
        utility.empty_label = "The customer chooses"
        self.fields["language"].required = False  # without one it is the model's
        self._explain()

    def _explain(self) -> None:
        # Only what the words depend on goes along: an address and a prefill have no place in a URL.
        names = ("utility", "scope", *ASKED)
        self.fields["scope"].label = "Or the scope itself"
        self.fields["scope"].widget.attrs |= {
            "hx-get": reverse("admin:scope_words"),
            "hx-trigger": "load, input changed delay:300ms, change from:closest form",
            "hx-include": ",".join(f"[name={name}]" for name in names),
            "hx-target": "#scope-words",
        }
        self.fields["scope"].help_text = format_html(
            '{}<span id="scope-words" class="block mt-2" aria-live="polite"></span>',
            "For those who know the scope string by heart. What is asked for, in words:",
        )
        self.fields["note"].help_text = "For you and your colleagues; the customer never sees it."
        self.fields["reference"].help_text = (
            "Your own name for this job or customer, such as a contract number. It goes along to "
            "what comes of the link, into events and exports: better no name of a person."
        )
        self.fields["expires_at"].help_text = "Times are in UTC. Empty for a link that stays open."
        self.fields["single_use"].help_text = "It closes once a customer has consented."

    def clean_utility(self) -> Utility | None:
        utility: Utility | None = self.cleaned_data["utility"]
        if utility is not None and utility.client_for_customers() is None:
            raise ValidationError(
                f"There is no registration in use with {utility}. Add one, or resume one, first."
            )
        return utility

    def clean_scope(self) -> str:
        text: str = self.cleaned_data["scope"].strip()
        return checked_scope(text) if text else ""

    def clean_customer_email(self) -> str:
        address: str = self.cleaned_data["customer_email"]
        return emails.checked_address(address) if address else ""

    def clean_expires_at(self) -> Any:
        expires_at = self.cleaned_data["expires_at"]
        if expires_at and expires_at <= timezone.now():
            raise ValidationError("That moment has passed; choose a later one, or none.")
        return expires_at

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        self._clean_asked(cleaned)
        self._clean_prefill(cleaned)
        return cleaned

    def _clean_asked(self, cleaned: dict[str, Any]) -> None:
        if {"scope", *ASKED} & set(self.errors):
            return
        wish = self.wish()
        if cleaned["scope"] and not wish.is_empty():
            self.add_error("scope", "Choose above, or type a scope here; not both.")
            return
        try:
            cleaned["scope"] = cleaned["scope"] or asking.scope_of(wish)
        except ScopeError as e:
            self.add_error("kinds" if not wish.kinds else "ends_on", str(e))

    def _clean_prefill(self, cleaned: dict[str, Any]) -> None:
        utility, value = cleaned.get("utility"), cleaned.get("prefill", "")
        slug, _, kind = cleaned.get("way", "").partition(":")
        if "utility" in self.errors or "prefill" in self.errors:
            return
        if utility is None:
            if slug or value:
                self.add_error("way", "Choose the utility first: each has ways of its own.")
            return
        if slug and slug != utility.slug:
            self.add_error("way", f"{utility} does not offer this. Choose one of its own ways.")
            return
        try:
            prefill.read(utility, kind, value)
        except ValidationError as e:
            self.add_error("prefill", e)

    def save(self, commit: bool = True) -> ShareLink:
        link: ShareLink = self.instance
        link.authentication_type = self.cleaned_data["way"].partition(":")[2]
        link.authentication_value = self.cleaned_data["prefill"]
        saved: ShareLink = super().save(commit)
        return saved


class SendForm(WhyForm):
    """To whom a link is sent."""

    why = forms.CharField(
        label="Note for the history",
        required=False,
        max_length=300,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
    )
    to = forms.CharField(
        label="E-mail address",
        required=False,
        max_length=emails.ADDRESS_MAX_LENGTH,
        help_text="Empty for the address that the link was made for.",
        widget=UnfoldAdminEmailInputWidget(attrs={"autocomplete": "off"}),
    )


class ReturnAddressForm(ModelForm[ReturnAddress]):
    """A page of the company's own."""

    class Meta:
        model = ReturnAddress
        fields = ["name", "url", "is_default"]
        help_texts = {
            "url": "To the letter as links name it in redirect_uri; https, or this machine.",
            "is_default": "Customers whose link names no page are taken here at the end.",
        }
