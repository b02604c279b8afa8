"""A Sphinx extension: pages as they are to be read.

Rows that a blank line cut off a table are warnings; quotes have no blank end; blocks do not say why a test
leaves them out; of a terminal's session, what stands behind ``$`` is code, and nothing else.
"""

from __future__ import annotations

import re

from docutils import nodes
from pygments.lexers.shell import BashSessionLexer
from sphinx.application import Sphinx
from sphinx.util import logging

logger = logging.getLogger(__name__)


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("doctree-read", warn_of_rows)
    app.connect("doctree-read", end_quotes)
    app.add_lexer("console", SessionLexer)
    return {"parallel_read_safe": True}


class SessionLexer(BashSessionLexer):
    """A session whose output may begin with ``#``, which is no prompt here."""

    _ps1rgx = re.compile(r"^(\$ )(.*\n?)")


def warn_of_rows(app: Sphinx, page: nodes.document) -> None:
    for paragraph in page.findall(nodes.paragraph):
        if paragraph.astext().startswith("| "):
            logger.warning(
                "a row that belongs to no table: %s", paragraph.astext()[:60], location=paragraph
            )


def end_quotes(app: Sphinx, page: nodes.document) -> None:
    """Cut blank lines off what is quoted up to the next function, and why a block is not run."""
    for block in page.findall(nodes.literal_block):
        if block.rawsource == block.astext():  # else it has markup of its own
            block.rawsource = re.sub(r"\A# not run in CI: .*\n", "", block.rawsource).rstrip()
            block.children = [nodes.Text(block.rawsource)]
