"""How sharing ends: told before, given back at the utility, receipted, and forgotten here."""
