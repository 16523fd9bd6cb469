"""MITRE ATT&CK, pinned: what a rule's declared tactics and techniques mean today.

The facts in `data` are © The MITRE Corporation, reproduced and distributed with its permission; `data/LICENSE.txt` has
the terms. `tools/make_attack.py` makes the files.
"""

from detectionary.attack.facts import CURRENT, Matrix, matrix, technique_named
from detectionary.attack.rule_coverage import coverage, is_technique_id

__all__ = ["CURRENT", "Matrix", "coverage", "is_technique_id", "matrix", "technique_named"]
