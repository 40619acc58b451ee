"""What it takes to open a database: its key, its one process, its schema."""
