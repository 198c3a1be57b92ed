"""The product's light colours, for paper and slides (.streamlit/config.toml has the screen's)."""

ACCENT = "0F766E"
NEGATIVE = "D9622B"
NEUTRAL = "8A94A6"
POSITIVE = "2F7FD1"
INK = "06100F"
SOFT = "54625F"
LINE = "D5DDDC"
TINT = "F3F6F6"
WHITE = "FFFFFF"
LABELS = {"negative": NEGATIVE, "neutral": NEUTRAL, "positive": POSITIVE}
# A label is told by its sign too: nobody has to see colours.
SIGNS = {"negative": "\N{MINUS SIGN}", "neutral": "=", "positive": "+"}
