# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) libvirt-nss contributors
"""What programs print on a terminal."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios


def on_terminal(columns, command, environment):
    """What a terminal of so many columns gets, and the exit status."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    with subprocess.Popen(command, stdin=slave, stdout=slave, stderr=subprocess.DEVNULL,
                          env={**environment, "TERM": environment.get("TERM", "xterm")}) as process:
        os.close(slave)
        printed = b""
        while True:
            try:
                piece = os.read(master, 65536)
            except OSError:
                break
            if not piece:
                break
            printed += piece
    os.close(master)
    return printed.decode().replace("\r\n", "\n"), process.returncode


def without_colors(text):
    return re.sub("\033\\[[0-9;]*m", "", text)
