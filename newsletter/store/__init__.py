"""First floor: all SQL, for SQLite and PostgreSQL. One file per thing that is kept."""
