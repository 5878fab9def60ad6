"""A third-party warehouse that exchanges files over SFTP; SPECIFICATION.md says what it reads and writes."""
