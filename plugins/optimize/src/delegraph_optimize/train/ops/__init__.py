"""What each op computes, in torch."""
