"""Random graphs of claimed ops: small models that share, split, join and gate their tensors."""
