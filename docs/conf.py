"""Configuration of the documentation site (Sphinx)."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # for field_comments and tidy_pages

project = "delegraph"
author = "the delegraph developers"
copyright = "the delegraph developers, Apache-2.0"
extensions = ["myst_parser", "sphinx.ext.autodoc", "field_comments", "tidy_pages"]
html_theme = "furo"
html_title = "delegraph"
html_static_path = ["_static"]
html_css_files = ["site.css"]
maximum_signature_line_length = 88  # longer ones have a line for each parameter
exclude_patterns = ["requirements.txt", "_build", "changes", "example"]
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
nitpicky = False
