"""The matrix: every op × version × type, run in LiteRT and in delegraph's reference delegate.

``python tests/oracle/matrix`` prints it, ``--write`` makes docs/matrix.md of it. One op's models are a
module in ``delegraph_conformance.ops``; ``litert.tsv`` says which ops and versions LiteRT registers.
"""
