"""Ada, who registers her company; Ben, who has his own; Cy, who must see nothing; and the staff."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape
from typing import Any

from django.contrib.auth.models import User
from django.test import Client

from tests.sandbox.walk import browser
from utilities.sandbox.models import Registration, StaffMember
from utilities.sandbox.programmes import get_programme
from utilities.sandbox.registering import reviewing
from utilities.sandbox.registering.reviewing import Action

PASSWORD = "a long and quiet afternoon"
DETAILS = {
    "company_name": "Ada's Audits",
    "email": "office@ada.example",
    "phone": "+1 705 555 0171",
    "website": "https://ada.example/",
    "purpose": "Energy audits of homes that ask for one.",
    "redirect_uris": "https://ada.example/back\nhttp://localhost:5000/back",
    "notify_uri": "https://ada.example/notify",
    "default_scope": "FB=4_16",
}


@dataclass
class Person:
    """Somebody in front of the pages for companies."""

    user: User | None
    client: Client
    page: Any = None

    @classmethod
    def named(cls, name: str) -> Person:
        email = f"{name}@{name}.example"
        user = User.objects.create_user(email, email)
        return cls.signed_in(user)

    @classmethod
    def signed_in(cls, user: User) -> Person:
        client = browser()
        client.force_login(user)
        return cls(user, client)

    @classmethod
    def stranger(cls) -> Person:
        return cls(None, browser())

    @classmethod
    def staff(cls, utility: str) -> Person:
        return cls.signed_in(StaffMember.objects.get(utility=utility).user)

    def open(self, path: str) -> str:
        """The page's HTML, after any redirect."""
        self.page = self.client.get(path, follow=True)
        return self.html

    @property
    def html(self) -> str:
        text: str = self.page.content.decode()
        return text

    @property
    def text(self) -> str:
        """What can be read."""
        return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", self.html)))

    def post(self, path: str, data: dict[str, Any] | None = None, *, follow: bool = True) -> Any:
        """A POST with the CSRF token that the pages give out."""
        if "sandbox_csrf" not in self.client.cookies:
            self.client.get("/ssmpuc/sign-in/")
            if "sandbox_csrf" not in self.client.cookies:
                self.client.get("/ssmpuc/register/")
        token = self.client.cookies["sandbox_csrf"].value
        self.page = self.client.post(
            path, (data or {}) | {"csrfmiddlewaretoken": token}, follow=follow
        )
        return self.page


def registered(person: Person, utility: str = "ssmpuc", **more: Any) -> Registration:
    """A registration of theirs, waiting for its review."""
    registration = Registration(
        utility=utility,
        client_id=Registration.new_client_id(get_programme(utility)),
        company_name="Ada's Audits",
        email="office@ada.example",
        purpose="Energy audits.",
        redirect_uris=["https://ada.example/back"],
        default_scope="FB=4_16",
    )
    for name, value in more.items():
        setattr(registration, name, value)
    return reviewing.register(registration, person.user).registration


def decided(registration: Registration, action: Action, reason: str = "Because.") -> Registration:
    """The registration after a decision of its utility's staff."""
    staff = StaffMember.objects.get(utility=registration.utility).user
    return reviewing.decide(registration, action, staff, reason).registration
