# SPDX-License-Identifier: MIT
"""What both sides of the hostile server know."""

import re
import threading
import zlib

GOOD = b'[{"qualification":"Education","vettingStatus":"InReview"}]'

# An answer for somebody else.
OTHERS = b'[{"qualification":"GovernmentCommunityCloud","vettingStatus":"Approved"}]'

lock = threading.Lock()
heads = []  # of the requests so far


def scenario_of(path):
    """The name that the customer's id in the path stands for."""
    match = re.search(r"/customers/([0-9a-f-]{36})/", path)
    return bytes.fromhex(match.group(1).replace("-", "")).rstrip(b"\0").decode("latin-1") if match else ""


def bomb():
    """gzip that never ends: a thousandth of what comes out of it."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    zeros = bytes(1 << 20)
    while True:
        yield packer.compress(zeros) + packer.flush(zlib.Z_SYNC_FLUSH)
