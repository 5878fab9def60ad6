"""The database's history: dated steps in SQL, run by Alembic; `pre` steps run before a deploy, `post` steps after."""
