"""Serving an exported model: containers, clients, and a server for development.

Nothing here knows the networks; servers and clients share the signatures of the SavedModel.
"""
