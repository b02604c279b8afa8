"""The random graphs of the conformance suite, of every op that they know, against LiteRT.

``python tests/oracle/graphs --help`` runs as many of them as one likes.
"""
