"""Customers as people who come back: their addresses, and accounts proved by a code."""
