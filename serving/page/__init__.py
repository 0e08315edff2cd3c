"""The page of the local server: a picture and a driving video in a browser, the result beside them.

Everything that the page needs is in `static/`; nothing is fetched from elsewhere.
"""
