"""Identity: users, API clients, sessions, permissions."""
