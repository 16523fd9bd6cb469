"""Log files to typed tables that rules read, kept as Parquet."""

from detectionary.logs.reading import Progress, read_logs
from detectionary.logs.tables import Broken, LogColumn, LogFile, Logs, LogTable, Misfit

__all__ = ["Broken", "LogColumn", "LogFile", "LogTable", "Logs", "Misfit", "Progress", "read_logs"]
