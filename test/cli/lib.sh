# SPDX-License-Identifier: LGPL-2.1-or-later
# For the tests of the command line: TAP, a work directory, sample bundles.
# shellcheck shell=bash
set -u
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
XL_OCI=${XL_OCI:-$top/${O:-build}/bin/xl-oci}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export XL_OCI_RUN_ROOT=$work/run XL_OCI_CONF=$work/xl-oci.conf

tests=0 failures=0

# result STATUS NAME
result()
{
    tests=$((tests + 1))
    if [ "$1" -eq 0 ]; then
        echo "ok $tests - $2"
    else
        echo "not ok $tests - $2"
        failures=$((failures + 1))
        sed 's/^/#   out: /' "$work/out" 2>/dev/null
        sed 's/^/#   err: /' "$work/err" 2>/dev/null
    fi
}

# run ARGUMENT...: xl-oci, with its output in $work/out, $work/err, $status
run()
{
    status=0
    "$XL_OCI" "$@" >"$work/out" 2>"$work/err" </dev/null || status=$?
}

# exits CODE NAME: how the last run ended
exits()
{
    [ "$status" -eq "$1" ]
    result $? "$2 (exit code $1, got $status)"
}

# has FILE TEXT NAME: a fixed text in out or err
has()
{
    grep -qF -- "$2" "$work/$1"
    result $? "$3"
}

lacks()
{
    ! grep -qF -- "$2" "$work/$1"
    result $? "$3"
}

is_empty()
{
    [ ! -s "$work/$1" ]
    result $? "$2"
}

# bundle NAME [JSON]: a bundle in $work/NAME
bundle()
{
    mkdir -p "$work/$1/rootfs/bin"
    if [ $# -gt 1 ]; then
        printf '%s\n' "$2" >"$work/$1/config.json"
    else
        cat >"$work/$1/config.json" <<-'END'
	{
	    "ociVersion": "1.2.0",
	    "process": { "cwd": "/", "args": ["/bin/true"] },
	    "root": { "path": "rootfs" },
	    "hostname": "sample",
	    "annotations": { "org.xenproject.oci.memory": "64M" }
	}
	END
    fi
}

finish()
{
    echo "1..$tests"
    [ "$failures" -eq 0 ]
    exit
}
