"""A Sphinx extension: a row of a table that a blank line has cut off is a warning, not a line of text."""

from __future__ import annotations

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging

logger = logging.getLogger(__name__)


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("doctree-read", warn_of_rows)
    return {"parallel_read_safe": True}


def warn_of_rows(app: Sphinx, page: nodes.document) -> None:
    for paragraph in page.findall(nodes.paragraph):
        if paragraph.astext().startswith("| "):
            logger.warning(
                "a row that belongs to no table: %s", paragraph.astext()[:60], location=paragraph
            )
