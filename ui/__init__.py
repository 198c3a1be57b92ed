"""What pages are made of: frame, cached loads, figures, blocks and words."""
