"""One typed context a page; HTML and JSON are two renderings of it.

`rule.py` is the page of a rule, `listing.py` the pages that list rules. `html.py` turns contexts into HTML with the
templates in `templates/`; what a page needs besides (styles, scripts) lies in `assets/`. No page requests anything
from another site, and none has inline styles or scripts.
"""
