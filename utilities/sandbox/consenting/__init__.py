"""What a company asks for, and how much of it the customer allows."""
