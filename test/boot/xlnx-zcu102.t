#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
exec "$(dirname "$0")/run" 4.20 xlnx-zcu102
