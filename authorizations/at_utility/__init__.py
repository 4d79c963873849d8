"""What the utility says of consents: notices, how one stands there, and its whole list."""
