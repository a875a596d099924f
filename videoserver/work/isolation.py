"""Leave the network: a child that opens strangers' media has nobody to talk to. Knows no Django."""

import ctypes
import os
import sys
from pathlib import Path

CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000


def leave_network() -> bool:
    """Move this process into a network of its own without any device, where the system permits. Whether it did.

    Root may just do it, others by way of a user namespace. Containers often permit neither: there the container's own
    network is the wall. To be called while the process has one thread.
    """
    if sys.platform != "linux":
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET) == 0:
        return True
    user, group = os.geteuid(), os.getegid()
    if libc.unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0:
        return False
    # Who it is stays the same: files that it writes belong to its user.
    own = Path("/proc/self")
    for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        try:
            (own / name).write_text(text)
        except OSError:
            return True  # it left all the same; the kernel only shows another number for its user
    return True
