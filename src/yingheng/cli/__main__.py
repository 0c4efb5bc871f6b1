"""`python -m yingheng.cli`: the same as the `yingheng` command."""

from yingheng.cli.main import main

if __name__ == "__main__":
    main()
