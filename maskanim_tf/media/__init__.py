"""Everything that opens pictures and films: tracks, time stamps, seeking, geometry, colours."""
