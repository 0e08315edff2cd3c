"""From folders of clips to prepared shards, with Apache Beam."""
