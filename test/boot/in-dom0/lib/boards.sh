# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# What the suites of boards share (sourced, after containers.sh).

# settings LINE...: xl-oci.conf, with the tree that Xen was given
settings() {
    { echo 'host_dtb = "/run/testbed/host.dtb"'; printf '%s\n' "$@"; } \
        >"$scratch/conf"
    export XL_OCI_CONF=$scratch/conf
}

# told_of DEVICE: what oci-devices says, in one line
told_of() { xl oci-devices "$1" | tr -s '\n ' ' '; }
