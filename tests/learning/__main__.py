"""`python -m tests.learning`: learn the reader anew and write its data file."""

from tests.learning.course import main

if __name__ == "__main__":
    main()
