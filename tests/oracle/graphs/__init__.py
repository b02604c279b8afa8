"""Random graphs: small models that share, split, join and gate their tensors, against LiteRT.

``python tests/oracle/graphs --help`` runs as many of them as one likes.
"""
