"""The rehearsal: every test account of the programmes, from share link to stored readings.

`manage.py demo --check` runs it against both sites over HTTP, as a customer's browser would.
"""
