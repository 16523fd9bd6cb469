"""Record what Microsoft's parser says of every text of the corpora: accepted or not, by the SHA-1 of the text.

    python -m tools.record_syntax_verdicts CORPORA ORACLE

CORPORA is the folder `corpora` of the reference material, ORACLE a folder in which `node oracle.js` runs (its README
says how to set it up). The record holds no text: a key, the verdict, and the place where the text stands. A text that
is rejected is also cut at blank lines, as Microsoft's editors do, and its parts are recorded too.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from detectionary.languages.kusto.blocks import blank_line_parts
from tests.kusto.official_syntax import VERDICTS, corpus_texts, not_kusto, sha1


def main() -> None:
    corpora, oracle = map(Path, sys.argv[1:])
    excluded = not_kusto()
    places: dict[str, str] = {}
    for found in corpus_texts(corpora):
        if found.place not in excluded:
            places.setdefault(found.text, found.place)
    accepted = _verdicts(places, oracle)
    parts: dict[str, str] = {}
    for text, place in places.items():
        if not accepted[text]:
            stretches = blank_line_parts(text)
            for start, end in stretches if len(stretches) > 1 else ():
                if text[start:end] not in places:
                    parts.setdefault(text[start:end], place)
    accepted |= _verdicts(parts, oracle)
    lines = [f"{sha1(text)}\t{int(accepted[text])}\t{place}" for text, place in (places | parts).items()]
    head = "# SHA-1 of a text, whether Microsoft's parser (12.4.1) accepts it, and where it stands"
    VERDICTS.write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
    print(f"{len(places)} texts, {len(parts)} parts of rejected ones, {sum(accepted.values())} accepted")


def _verdicts(texts: Iterable[str], oracle: Path) -> dict[str, bool]:
    """The verdict of each text: accepted when the official parser has no syntax error."""
    listed = list(texts)
    requests = "\n".join(json.dumps({"id": number, "query": text}) for number, text in enumerate(listed))
    answers = subprocess.run(
        ["node", "oracle.js", "--syntax-only"], cwd=oracle, input=requests, capture_output=True, text=True, check=True
    )
    verdicts: dict[str, bool] = {}
    for line in answers.stdout.splitlines():
        answer = json.loads(line)
        verdicts[listed[answer["id"]]] = "crash" not in answer and not answer["syntax"]
    return verdicts


if __name__ == "__main__":
    main()
