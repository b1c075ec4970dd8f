"""`python -m reconciler`: the same as the command `reconciler`.

Effects: those of the command.
"""

from reconciler.cli import main

if __name__ == "__main__":
    main()
