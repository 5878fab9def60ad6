"""SQL across modules, one file per screen; it reads any table and writes none."""
