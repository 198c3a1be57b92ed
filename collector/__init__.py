"""The second process: searches the platforms, matches, classifies and stores posts."""
