"""What people look at: plans as text, page or JSON; comparisons; benchmarks."""
