"""The resource server: which token opens what, and how it is answered (RFC 6750, ESPI)."""
