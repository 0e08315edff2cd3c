"""Everything that opens films: tracks, time stamps, exact seeking, geometry and colours."""
