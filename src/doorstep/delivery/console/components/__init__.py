"""Shared components of pages: macros, style sheets and scripts, each once."""
