"""The frame around every page: language, filters, navigation. `streamlit run streamlit_app.py`."""

import streamlit as st

from ui import borrowed, links, shell

st.set_page_config(page_title="Kedah Tourism Pulse", page_icon="static/icon.svg", layout="wide")
shell.start()
page = st.navigation(shell.pages(), position="top")
with shell.frame(page.title):
    links.steer()
    borrowed.translate()
    page.run()
