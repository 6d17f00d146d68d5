"""``python -m newretail_ml.cli``: the command, wherever its script is not on the path."""

from newretail_ml.cli import main

if __name__ == "__main__":
    main()
