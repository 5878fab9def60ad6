"""`python -m doorstep` is the same as `doorstep`."""

from __future__ import annotations

from doorstep.processes import main

if __name__ == "__main__":
    main()
