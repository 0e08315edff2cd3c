"""Exports of trained animators to other runtimes, each compared with the original."""
