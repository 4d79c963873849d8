"""The staff page about our registration as the utility sees it, with a button for each difference.

One URL a verb: what is taken over, and what the utility is told, comes by POST and with a reason.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST, require_safe
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminTextInputWidget

from utilities import registration
from utilities.models import Client, Utility
from utilities.registration import Difference, RegistrationError, Standing
from utilities.staff import StaffAdmin, page_of, signed_in

NAME = "admin:utilities_client_registration"


class ReasonForm(forms.Form):
    """Why something is done."""

    why = forms.CharField(
        max_length=300,
        error_messages={"required": "Nothing was done: please say why."},
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
    )


class TakeOverForm(ReasonForm):
    """Why, what the page showed, and whether tokens may go where none have gone."""

    seen = forms.CharField(
        required=False, strip=False, max_length=60_000, widget=forms.HiddenInput()
    )
    accepts_origin = forms.BooleanField(required=False)


class CredentialForm(ReasonForm):
    """Why, and a secret or token that the utility's page showed; it is never sent back."""

    credential = forms.CharField(
        max_length=4096,
        strip=True,
        error_messages={"required": "Nothing was done: please paste it."},
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "off"}),
    )


def address_of(client: Client) -> str:
    """Where the page of this client lies."""
    return reverse(NAME, args=[client.pk])


class RegistrationPage(StaffAdmin):
    """Its addresses and views, for the admin of clients."""

    def get_urls(self) -> list[URLPattern]:
        urls: list[URLPattern] = super().get_urls()
        wrap = self.admin_site.admin_view
        name = NAME.removeprefix("admin:")
        at = "<int:pk>/registration/"
        return [
            path(at, wrap(require_safe(self.show_registration)), name=name),
            path(f"{at}look/", wrap(require_POST(self.look_now)), name=f"{name}_look"),
            path(f"{at}tell/", wrap(require_POST(self.tell_utility)), name=f"{name}_tell"),
            path(
                f"{at}take-over/<slug:key>/",
                wrap(require_POST(self.take_over)),
                name=f"{name}_take_over",
            ),
            path(
                f"{at}secret/",
                wrap(require_POST(self.new_secret)),
                name=f"{name}_secret",
            ),
            path(
                f"{at}registration-token/",
                wrap(require_POST(self.new_registration_token)),
                name=f"{name}_token",
            ),
            *urls,
        ]

    def show_registration(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What the utility has, what it has otherwise than we do, and what to do about it."""
        client = self._client(request, pk)
        if not self.has_view_permission(request, client):
            raise PermissionDenied
        may_act = self.has_act_permission(request) and client.retired_at is None
        context = {
            **self.admin_site.each_context(request),
            "title": "At the utility",
            "opts": self.opts,
            "client": client,
            "back": page_of(client),
            "standing": Standing.of(client),
            "has_token": bool(client.registration_token),
            "differences": [
                (one, _form_for(one) if may_act and one.may_be_taken_over else None)
                for one in registration.differences_of(client)
            ],
            "our_addresses": our_addresses(client.utility),
            "tell_form": ReasonForm(auto_id="tell_%s"),
            "secret_form": CredentialForm(auto_id="secret_%s"),
            "token_form": CredentialForm(auto_id="token_%s"),
            "may_act": may_act,
        }
        return render(request, "admin/registration.html", context)

    def look_now(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Read it at the utility, while staff wait."""

        def act(client: Client) -> str:
            standing = registration.look(client)
            return f"{client.utility} says: {standing.custodian_words}."

        return self._act(request, self._client_to_change(request, pk), act)

    def tell_utility(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Send the utility our addresses and status."""
        client = self._client_to_change(request, pk)
        form = ReasonForm(request.POST)

        def act(client: Client) -> str:
            why = _answers(form)["why"]
            registration.tell(client, signed_in(request), why)
            said = f"{client.utility} has our details."
            self.log_change(request, client, f"{said} Why: {why}")
            return said

        return self._act(request, client, act)

    def take_over(self, request: HttpRequest, pk: int, key: str) -> HttpResponse:
        """Have what the utility has, in one thing."""
        client = self._client_to_change(request, pk)
        form = TakeOverForm(request.POST)

        def act(client: Client) -> str:
            answers = _answers(form)
            said = registration.take_over(
                client,
                key,
                # A form sends the end of a line as two signs.
                answers["seen"].replace("\r\n", "\n"),
                signed_in(request),
                answers["why"],
                accepts_origin=answers["accepts_origin"],
            )
            self.log_change(request, client, f"{said} Why: {answers['why']}")
            return said

        return self._act(request, client, act)

    def new_secret(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Use another client secret, if it works."""
        said = "The new secret works, and is kept. The old one is forgotten."
        return self._replace(request, pk, registration.keep_secret, said)

    def new_registration_token(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Use another registration token, if it works."""
        said = "The new registration token works, and is kept."
        return self._replace(request, pk, registration.keep_registration_token, said)

    def _replace(
        self, request: HttpRequest, pk: int, keep: Callable[..., None], said: str
    ) -> HttpResponse:
        client = self._client_to_change(request, pk)
        form = CredentialForm(request.POST)

        def act(client: Client) -> str:
            answers = _answers(form)
            keep(client, answers["credential"], signed_in(request), answers["why"])
            self.log_change(request, client, f"{said} Why: {answers['why']}")
            paused = client.paused_at is not None
            return f"{said} The client is paused: resume it on its page." if paused else said

        return self._act(request, client, act)

    def _client(self, request: HttpRequest, pk: int) -> Client:
        client = self.get_object(request, str(pk))
        if client is None:
            raise Http404
        assert isinstance(client, Client)
        return client

    def _client_to_change(self, request: HttpRequest, pk: int) -> Client:
        client = self._client(request, pk)
        if not self.has_act_permission(request):
            raise PermissionDenied
        return client

    def _act(
        self, request: HttpRequest, client: Client, act: Callable[[Client], str]
    ) -> HttpResponse:
        try:
            if client.retired_at is not None:
                raise RegistrationError("This client is retired: nothing is done with it.")
            messages.success(request, act(client))
        except RegistrationError as e:
            messages.error(request, str(e))
        except ValidationError as e:
            messages.error(request, " ".join(e.messages))
        return redirect(address_of(client))


def _form_for(difference: Difference) -> TakeOverForm:
    # Each has ids of its own, since several stand on one page.
    return TakeOverForm(initial={"seen": difference.theirs}, auto_id=f"{difference.key}_%s")


def our_addresses(utility: Utility) -> list[tuple[str, str]]:
    """What a utility has to know of this portal, with words for each."""
    return [
        ("Customers come back to", utility.callback_url),
        ("We are told of news at", utility.notify_url),
        ("Customers who begin at the utility choose what to share at", utility.scope_selection_url),
        ("Customers who begin at the utility come to", utility.portal_url),
    ]


def _answers(form: forms.Form) -> dict[str, Any]:
    """What was filled in; raises a ValidationError with the sentences of the form."""
    if not form.is_valid():
        raise ValidationError([text for texts in form.errors.values() for text in texts])
    return form.cleaned_data


def line_about(client: Client) -> str:
    """How the utility sees the registration, in a line."""
    standing = Standing.of(client)
    if standing is None:
        return "It has not been read there yet."
    found: list[Difference] = registration.differences_of(client)
    how_many = f"{len(found)} difference{'' if len(found) == 1 else 's'}" if found else "as here"
    return f"{standing.custodian_words.capitalize()}, {how_many}."
