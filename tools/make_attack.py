"""Write the compact ATT&CK facts of the `attack` room from the reference material.

    python tools/make_attack.py SHARED [--out FOLDER] [--cti CHECKOUT]

SHARED is the folder with `attack/enterprise-attack.json`; FOLDER defaults to the package's own data folder. One
tab-separated file a version: a line a tactic (in matrix order), a line a former tactic, a line a technique. With a
checkout of mitre/cti, also the names of the techniques and tactics of ATT&CK for Mobile and for ICS, which count for no
coverage but which some rules name. The same input makes the same bytes.
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent / "src" / "detectionary" / "attack" / "data"
SOURCES = ("enterprise-attack.json", "enterprise-attack-18.1.json")


def facts(text: str) -> tuple[str, str]:
    """The version, and the lines: kind, id, name, then short names of tactics, then what became of a technique."""
    data = json.loads(text)
    lines = [f"version\t{data['version']}"]
    lines += [
        f"tactic\t{tactic['id']}\t{tactic['name']}\t{tactic['shortname']}"
        for tactic in sorted(data["tactics"], key=lambda tactic: tactic["order"])
    ]
    lines += [
        f"former\t{tactic['id']}\t{tactic['name']}\t{tactic['shortname']}\t{','.join(tactic['replaced_by'])}"
        for tactic in data.get("former_tactics", ())
    ]
    order = {tactic["shortname"]: tactic["order"] for tactic in data["tactics"]}
    for technique in sorted(data["techniques"], key=lambda technique: technique["id"]):
        tactics = sorted(technique["tactics"], key=lambda name: (order.get(name, 0), name))
        if technique["revoked"]:
            state = technique.get("current") or technique["revoked_by"]
        else:
            state = "deprecated" if technique["deprecated"] else ""
        lines.append(f"{technique['id']}\t{technique['name']}\t{','.join(tactics)}\t{state}")
    return data["version"], "\n".join(lines) + "\n"


def other_domains(cti: Path) -> str:
    """Lines of id, name and domain of every technique and tactic outside Enterprise, revoked ones included."""
    lines = set()
    for domain, folder in (("ICS", "ics-attack"), ("Mobile", "mobile-attack")):
        for kind in ("attack-pattern", "x-mitre-tactic"):
            for path in (cti / folder / kind).glob("*.json"):
                for thing in json.loads(path.read_text(encoding="utf-8"))["objects"]:
                    for reference in thing["external_references"]:
                        if reference["source_name"].startswith("mitre-"):
                            lines.add(f"{reference['external_id']}\t{thing['name']}\t{domain}")
    return "\n".join(sorted(lines)) + "\n"


def main() -> None:
    """Write every version's file and the licence beside them."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("shared", type=Path)
    arguments.add_argument("--out", type=Path, default=PACKAGE)
    arguments.add_argument("--cti", type=Path)
    given = arguments.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    for name in SOURCES:
        version, text = facts((given.shared / "attack" / name).read_text(encoding="utf-8"))
        given.out.joinpath(f"enterprise-{version}.tsv").write_text(text, encoding="utf-8", newline="\n")
    shutil.copyfile(given.shared / "attack" / "LICENSE.txt", given.out / "LICENSE.txt")
    if given.cti:
        text = other_domains(given.cti)
        given.out.joinpath("other-domains-18.1.tsv").write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
