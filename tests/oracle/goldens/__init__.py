"""Makes the conformance suite's goldens: ``python tests/oracle/goldens [OP …]``."""
