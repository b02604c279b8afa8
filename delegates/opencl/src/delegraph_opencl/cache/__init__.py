"""Compiled partitions on disk: their files, what they are named by, and which are removed."""
