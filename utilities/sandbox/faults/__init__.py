"""What goes wrong on purpose: for a company that asks for it, and around test accounts."""
