"""Everything that opens films and pictures: tracks, time stamps, seeking, geometry, colours."""
