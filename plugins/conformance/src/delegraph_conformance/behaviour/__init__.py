"""How a delegate behaves, whatever it computes: with buffers, between runs, beside others, interrupted."""
