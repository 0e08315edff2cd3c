"""Prepared data sets on disk: TFRecord shards with an index, written and read at random."""
