"""A Sphinx extension: rows that a blank line cut off a table are warnings, and quotes have no blank end."""

from __future__ import annotations

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging

logger = logging.getLogger(__name__)


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("doctree-read", warn_of_rows)
    app.connect("doctree-read", end_quotes)
    return {"parallel_read_safe": True}


def warn_of_rows(app: Sphinx, page: nodes.document) -> None:
    for paragraph in page.findall(nodes.paragraph):
        if paragraph.astext().startswith("| "):
            logger.warning(
                "a row that belongs to no table: %s", paragraph.astext()[:60], location=paragraph
            )


def end_quotes(app: Sphinx, page: nodes.document) -> None:
    """Cut blank lines off what is quoted up to the next function."""
    for block in page.findall(nodes.literal_block):
        if block.rawsource == block.astext():  # else it has markup of its own
            block.rawsource = block.rawsource.rstrip()
            block.children = [nodes.Text(block.rawsource)]
