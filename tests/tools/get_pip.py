# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Replace the get-pip.py that ansible-test downloads, for networks that reach only a package index.

It unpacks the pip that comes with Python and installs with it what ansible-test requests.
"""

from __future__ import annotations

import subprocess
import sys

_OPTIONS_OF_GET_PIP = ("--no-setuptools", "--no-wheel")


def main() -> int:
    """Return the exit status of pip."""
    # In a child process, because ensurepip disables pip's configuration in its own environment.
    subprocess.run([sys.executable, "-m", "ensurepip"], stdout=subprocess.DEVNULL, check=True)
    arguments = [argument for argument in sys.argv[1:] if argument not in _OPTIONS_OF_GET_PIP]
    return subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", *arguments], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
