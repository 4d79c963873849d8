"""Requests that are refused with an error of the platform's."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Self

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase, JsonResponse

View = Callable[..., HttpResponseBase]


class Refusal(Exception):  # noqa: N818 (what it is)
    """Ends a request with this status. `error` is for programs, `says` for people."""

    def __init__(self, status: int, error: str, says: str, **headers: str) -> None:
        super().__init__(says)
        self.status = status
        self.error = error
        self.says = says
        self.headers = headers

    @classmethod
    def not_there(cls) -> Self:
        """Not there or not yours: which of the two is not told."""
        return cls(404, "not_found", "There is no such resource, or it is not yours.")

    def answer(self) -> JsonResponse:
        """As the platform gives it."""
        body = {
            "error": self.error,
            "error_description": self.says,
            "url": f"{settings.SANDBOX_URL}/",
        }
        headers = {"Cache-Control": "no-store"} | self.headers
        return JsonResponse(body, status=self.status, headers=headers)


def accepts(*methods: str) -> Callable[[View], View]:
    """Let only requests of these methods in, HEAD where there is GET, and answer refusals."""
    allowed = [
        name for method in methods for name in ((method, "HEAD") if method == "GET" else (method,))
    ]

    def decorate(view: View) -> View:
        @wraps(view)
        def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            try:
                if request.method not in allowed:
                    names = ", ".join(allowed)
                    says = f"This address takes {names}."
                    raise Refusal(405, "method_not_allowed", says, Allow=names)
                return view(request, *args, **kwargs)
            except Refusal as refusal:
                return refusal.answer()

        return inner

    return decorate
