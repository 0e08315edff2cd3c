"""Files written whole, tables that people wrote, and patience with storage."""
