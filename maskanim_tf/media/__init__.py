"""Everything that opens films and pictures: time stamps, seeking, orientation, colours."""
