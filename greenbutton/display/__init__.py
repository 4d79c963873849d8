"""What people are shown of the collected data, in words and units. Views and templates use it."""
