# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write docs/schemas: python -m tests.schemas"""

from __future__ import annotations

import tests.conftest  # noqa: F401  pylint: disable=unused-import  # it makes the collection importable for the next import
from tests.schemas.kinds import DIRECTORY, texts

if __name__ == "__main__":
    DIRECTORY.mkdir(exist_ok=True)
    for name, text in texts().items():
        (DIRECTORY / name).write_text(text, encoding="utf-8")
