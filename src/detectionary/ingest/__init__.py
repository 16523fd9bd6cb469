"""Repository to catalog: read, analyse, store; parallel, incremental, resumable."""

from detectionary.ingest.assemble import assemble
from detectionary.ingest.run import IngestError, Progress, ingest
from detectionary.ingest.summary import Fault, RuleName, Summary, Unreadable

__all__ = ["Fault", "IngestError", "Progress", "RuleName", "Summary", "Unreadable", "assemble", "ingest"]
