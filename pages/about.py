"""Definitions: what each figure means, where it comes from, what it cannot tell."""

import streamlit as st

from ui import about, shell

shell.open_page()
about.lead()
wide, narrow = st.columns([3, 2])
with wide:
    about.definitions()
with narrow:
    about.sources()
    about.limits()
