#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# native-9p.sh [ROUNDS]: the cost of a request in the 9P server, without the
# rings. The target is of the whole: 1.25 times an empty round trip over the
# same ring, which test/bench/run measures in Dom0.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
make -s -C "$top" "${O:-build}/test/bench/p9-requests" >&2
exec "$top/${O:-build}/test/bench/p9-requests" "${1:-7}"
