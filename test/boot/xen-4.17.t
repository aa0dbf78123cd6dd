#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# all suites but kills, which takes long and has nothing of one Xen's own
exec "$(dirname "$0")/run" 4.17 devices faults fidelity host lifecycle rootfs \
    shares
