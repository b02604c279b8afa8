"""Configuration of the documentation site (Sphinx)."""

project = "delegraph"
author = "the delegraph developers"
copyright = "the delegraph developers, Apache-2.0"
extensions = ["myst_parser", "sphinx.ext.autodoc"]
html_theme = "furo"
html_title = "delegraph"
exclude_patterns = ["requirements.txt", "_build", "changes"]
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
nitpicky = False
