"""``python -m xorbench``."""

from xorbench.cli import main

if __name__ == "__main__":
    main()
