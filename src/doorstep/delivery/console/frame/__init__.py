"""The frame of every page: navigation, search, error pages."""
