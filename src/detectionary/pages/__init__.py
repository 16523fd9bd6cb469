"""One typed context a page; HTML and JSON are two renderings of it.

`registry.py` has the kinds of pages. `rule.py` is the page of a rule and `fill.py` fills it; `lists.py` has the
contexts of the pages that index the catalog, `lists_fill.py` what they have in common. Modules that end in `_html.py`
turn contexts into HTML with the templates in `templates/`; what a page needs besides (styles, scripts) lies in
`assets/`. No page requests anything from another site, and none has inline styles or scripts.
"""

from detectionary.pages.fill import rule_page
from detectionary.pages.rule import RulePage, encode, to_json

__all__ = ["RulePage", "encode", "rule_page", "to_json"]
