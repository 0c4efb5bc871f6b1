"""A receiver needs neither Django nor a database nor, by default, pydicom."""

import subprocess
import sys


def test_it_starts_without_the_platform():
    code = (
        "import sys, yingheng.cli.receive, yingheng.ingest.receiver.thin as thin;"
        "heavy = {'django', 'pydicom', 'pynetdicom', 'numpy', 'sqlite3'} & set(sys.modules);"
        "print(sorted(heavy))"
    )
    said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert said.stdout.strip() == "[]"
