"""Log files to typed tables that rules read, kept as Parquet.

`read_logs` reads files and folders of any of `FORMATS`, told by their content, through `MAPPINGS` into the tables that
rules read. Records that cannot be read are counted and named, files that are not read are told with the reason, values
that do not fit their column's type are counted, and fields without a column are kept in the dynamic column `UNMAPPED`:
nothing is dropped in silence. Memory does not grow with the input.

The files, from the door inwards: `sources` (which files, what they are) and `streams` (bytes), the readers
`json_frames`, `delimited`, `event_files` and `parquet_files`; `targets` says where a record goes, `cloudtrail`,
`windows`, `raw_logs` and `exports` map it, `values` and `times` make typed columns of it, `parts` writes them; `jobs`
and `workers` do all that for many files at once, `infer` learns unknown tables, `cache` keeps what was read.
"""

from detectionary.logs.described import FORMATS, MAPPINGS, FormatNote, MappingNote
from detectionary.logs.parts import UNMAPPED
from detectionary.logs.reading import Progress, read_logs
from detectionary.logs.tables import Broken, LogColumn, LogFile, Logs, LogTable, Misfit

__all__ = [
    "FORMATS",
    "MAPPINGS",
    "UNMAPPED",
    "Broken",
    "FormatNote",
    "LogColumn",
    "LogFile",
    "LogTable",
    "Logs",
    "MappingNote",
    "Misfit",
    "Progress",
    "read_logs",
]
