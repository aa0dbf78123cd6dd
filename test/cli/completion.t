#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The generated bash completion, as bash would call it.
. "$(dirname "$0")/lib.sh"

mkdir "$work/bin"
ln -s "$XL_OCI" "$work/bin/xl-oci"
PATH=$work/bin:$PATH
run generate completion
exits 0 "generate completion"
# shellcheck disable=SC1091
. "$work/out"
result $? "bash reads it"

# offers WORDS -- EXPECTED...: in any order
offers()
{
    local function=$1
    shift
    COMP_WORDS=()
    while [ "$1" != -- ]; do COMP_WORDS+=("$1"); shift; done
    shift
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
    COMPREPLY=()
    "$function"
    printf '%s\n' "${COMPREPLY[@]-}" | sort >"$work/err"
    printf '%s\n' "$@" | sort | cmp -s - "$work/err"
    result $? "${COMP_WORDS[*]}: $*"
}

offers _xl_oci xl-oci cr -- create
offers _xl_oci xl-oci oci-cr -- oci-create
offers _xl_oci xl-oci -v pl -- plan
offers _xl_oci xl-oci check --f -- --format=
offers _xl_oci xl-oci plan --format = -- text json xl dts payload
offers _xl_oci xl-oci plan --format = j -- json
offers _xl_oci xl-oci explain json-nu -- json-nul
mkdir -p "$XL_OCI_RUN_ROOT" "$work/here/bundle-1"
cd "$work/here" || exit 1
touch bundle-file
offers _xl_oci xl-oci check bun -- bundle-1
offers _xl_with_oci xl oci-cre -- oci-create
offers _xl_with_oci xl oci-plan --me -- --memory=
_xl() { COMPREPLY=(own); }
offers _xl_with_oci xl create -- own
offers _xl_with_oci xl create "" -- own
finish
