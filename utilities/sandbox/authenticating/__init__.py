"""Who the customer is: by an identifier, a bill, a password or a passcode."""
