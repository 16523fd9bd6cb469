"""Kusto compiled: a typed plan that knows no engine, and its way into the SQL of one that runs it."""
