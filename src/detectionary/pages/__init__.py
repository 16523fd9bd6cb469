"""One typed context a page; HTML and JSON are two renderings of it.

`registry.py` has the kinds of pages. A folder holds what the pages of one subject need: `context.py` what they show,
`fill.py` how it is found in the catalog, `kind.py` their addresses and renderings, `html.py` and `*_html.py` how
contexts become HTML with the templates in `templates/`. What a page needs besides (styles, scripts) lies in `assets/`.
No page requests anything from another site, and none has inline styles or scripts.
"""

from detectionary.pages.rule.context import RulePage, encode, to_json
from detectionary.pages.rule.fill import rule_page

__all__ = ["RulePage", "encode", "rule_page", "to_json"]
