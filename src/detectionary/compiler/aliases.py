"""Old and second names of functions, and the canonical one that dialects know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

ALIASES: Final[Mapping[str, str]] = {
    "any": "take_any",
    "anyif": "take_anyif",
    "argmax": "arg_max",
    "argmin": "arg_min",
    "array_iif": "array_iff",
    "array_strcat": "strcat_array",
    "arraylength": "array_length",
    "bag_pack": "pack",
    "base64_decodestring": "base64_decode_tostring",
    "base64_encodestring": "base64_encode_tostring",
    "cnt": "count",
    "columnifexists": "column_ifexists",
    "datepart": "datetime_part",
    "extentid": "extent_id",
    "extractall": "extract_all",
    "extractjson": "extract_json",
    "iif": "iff",
    "make_dictionary": "make_bag",
    "makelist": "make_list",
    "makeset": "make_set",
    "notempty": "isnotempty",
    "notnull": "isnotnull",
    "pack_dictionary": "pack",
    "parsejson": "parse_json",
    "parseurl": "parse_url",
    "parseurlquery": "parse_urlquery",
    "toboolean": "tobool",
    "todouble": "toreal",
    "todynamic": "parse_json",
    "toobject": "parse_json",
    "totime": "totimespan",
    "weekofyear": "week_of_year",
}
"""From learn.microsoft.com, "Scalar functions" and "Aggregation functions": deprecated aliases."""


def canonical(name: str) -> str:
    return ALIASES.get(name, name)
