#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# All suites but kills, which takes long and has nothing of one Xen's own; of
# the others what may differ from 4.20: libxl and the other tools, xenstored,
# xenconsoled, the backends, and Dom0's kernel (Linux 6.1).
AGAIN=yes exec "$(dirname "$0")/run" 4.17 devices faults fidelity host \
    lifecycle rootfs shares
