"""The port to head office's database on SQLite and PostgreSQL, by SQLAlchemy Core."""
