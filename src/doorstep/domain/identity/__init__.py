"""Who may do what: people, API clients, sessions, permissions."""
