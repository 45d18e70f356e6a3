"""What is measured of refkit itself."""
