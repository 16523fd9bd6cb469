"""DuckDB, embedded: the engine that runs queries on this machine."""
