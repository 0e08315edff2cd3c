"""Pictures and videos: reading, making and showing them."""
