"""What companies are told without asking (FB 39): notices, when they are due, and the door out."""
