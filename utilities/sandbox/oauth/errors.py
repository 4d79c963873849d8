"""What a request is told that gets nothing, as RFC 6749 names it."""

from __future__ import annotations

from django.http import JsonResponse

# RFC 6749 §5.1: an answer with tokens may not be kept by anybody on the way.
NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


class OAuthError(Exception):
    """Told by redirect (RFC 6749 §4.1.2.1) or in JSON (§5.2). `more` joins the latter."""

    def __init__(
        self,
        error: str,
        says: str,
        status: int = 400,
        *,
        headers: dict[str, str] | None = None,
        more: dict[str, str] | None = None,
    ) -> None:
        super().__init__(says)
        self.error = error
        self.says = says
        self.status = status
        self.headers = headers or {}
        self.more = more or {}

    def response(self) -> JsonResponse:
        """In JSON."""
        body = {"error": self.error, "error_description": self.says, **self.more}
        return JsonResponse(body, status=self.status, headers=NO_STORE | self.headers)
