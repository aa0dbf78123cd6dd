# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# How the suites of devices begin (sourced): all of tap.sh and containers.sh, in
# the directory of the suite's bundles, $1.
lib=$(dirname "${BASH_SOURCE[0]}")
. "$lib/tap.sh"
. "$lib/containers.sh"
cd "$1" || exit 1

# settings LINE...: xl-oci.conf, with the tree that Xen was given
settings() {
    { echo 'host_dtb = "/run/testbed/host.dtb"'; printf '%s\n' "$@"; } \
        >"$scratch/conf"
    export XL_OCI_CONF=$scratch/conf
}

# told_of DEVICE: what oci-devices says, in one line
told_of() { xl oci-devices "$1" | tr -s '\n ' ' '; }
