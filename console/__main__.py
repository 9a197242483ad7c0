"""`python -m console` is `watchkeeper`."""

from console.cli import main

main()
