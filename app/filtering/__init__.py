"""What may be said: rules, and texts held against them, whole or as they come."""
