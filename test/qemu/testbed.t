#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# testbed.t [XEN...]: the testbed itself, with both Xen versions: what goes in
# and comes out of Dom0, and a domain with our kernel made by plain xl.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=lib.sh
. "$here/lib.sh"
[ $# -gt 0 ] || set -- 4.20 4.17

number=0 failed=0
work=$(mktemp -d "${TMPDIR:-/tmp}/xl-oci-testbed.XXXXXX")
trap 'rm -rf "$work"' EXIT

ok() {
    number=$((number + 1))
    if eval "$2"; then
        echo "ok $number - $1"
    else
        echo "not ok $number - $1"
        sed 's/^/# /' "$work/out" "$work/err" | tail -n 60
        failed=$((failed + 1))
    fi
}

run() {
    rc=0
    "$here/run-dom0" --xen "$xen" "$@" >"$work/out" 2>"$work/err" || rc=$?
}

# A guest of busybox alone, that says what it is and powers off.
make_guest() {
    local tree=$work/guest deb
    debs_alone=yes
    deb=$(fetch_debs trixie arm64 busybox-static)
    mkdir -p "$tree/bin" "$tree/proc" "$tree/sys" "$tree/dev"
    dpkg-deb --fsys-tarfile "$deb" |
        tar -xOf - ./usr/bin/busybox >"$tree/bin/busybox"
    chmod 755 "$tree/bin/busybox"
    ln -s busybox "$tree/bin/sh"
    cat >"$tree/init" <<'EOF'
#!/bin/sh
busybox mount -t proc proc /proc
busybox mount -t sysfs sysfs /sys
read kernel </proc/sys/kernel/osrelease
read type </sys/hypervisor/type
echo "guest: Linux $kernel on $type says hello"
busybox poweroff -f
EOF
    chmod 755 "$tree/init"
    mkdir -p "$work/share"
    (cd "$tree" && find . | cpio -o -H newc -R 0:0 --quiet) |
        gzip -9n >"$work/share/initrd.gz"
    cp "$("$here/../../libxl-oci/guest/build-kernel")" "$work/share/Image"
    cat >"$work/share/guest.cfg" <<'EOF'
name = "guest"
kernel = "/work/Image"
ramdisk = "/work/initrd.gz"
extra = "console=hvc0 quiet"
memory = 32
vcpus = 1
on_poweroff = "destroy"
on_crash = "destroy"
EOF
    # without a root it ends nowhere
    cat >"$work/share/stuck.cfg" <<'EOF'
name = "stuck"
kernel = "/work/Image"
extra = "console=hvc0 panic=0"
memory = 32
EOF
}

make_work() {
    mkdir -p "$work/share" "$work/overlay/usr/bin" "$work/overlay/lib"
    head -c 3000000 /dev/urandom >"$work/share/bytes"
    printf '#!/bin/sh\necho "overlay $1"\n' \
        >"$work/overlay/usr/bin/from-overlay"
    chmod 755 "$work/overlay/usr/bin/from-overlay"
    cat >"$work/share/work" <<'EOF'
set -eu
xl list | grep -q '^Domain-0' && echo "xl list works"
xl info | sed -n 's/^xen_version *: \(4\.[0-9]*\).*/xen \1/p'
from-overlay "a  b"
echo "to stderr" >/dev/stderr
[ "$PWD" = /share ] && echo "starts in the share"
[ -f /lib/ld-linux-aarch64.so.1 ] && echo "overlay leaves /lib alone"
cmp /share/bytes /work/bytes && echo "the disk has the same"
cp /work/bytes /share/bytes.back
truncate -s 8M /tmp/disk && mke2fs -qF /tmp/disk && mkdir /tmp/mounted
mount -o loop /tmp/disk /tmp/mounted && echo "loop and ext4 work"
umount /tmp/mounted
setsid sleep 1000 &
exit 7
EOF
    cat >"$work/share/guest" <<'EOF'
set -eu
script -qec "xl create -c /work/guest.cfg" /dev/null
for try in $(seq 100); do
    xl list guest >/dev/null 2>&1 || { echo "domain is gone"; exit 0; }
    sleep 0.1
done
exit 1
EOF
}

make_work
make_guest
for xen in "$@"; do
    run --share "$work/share" --overlay "$work/overlay" --disk "$work/share" \
        -- sh work
    ok "$xen: the exit code comes back" '[ $rc = 7 ]'
    ok "$xen: xl talks to Xen" 'grep -qx "xl list works" "$work/out"'
    ok "$xen: it is that Xen" 'grep -qx "xen $xen" "$work/out"'
    ok "$xen: the overlay is there" 'grep -qx "overlay a  b" "$work/out"'
    ok "$xen: nor does it hide /lib" 'grep -qx "overlay leaves /lib alone" \
        "$work/out"'
    ok "$xen: stderr is apart" 'grep -qx "to stderr" "$work/err" &&
        ! grep -q "to stderr" "$work/out"'
    ok "$xen: /share is where it starts" 'grep -qx "starts in the share" \
        "$work/out"'
    ok "$xen: /work has the disk" 'grep -qx "the disk has the same" "$work/out"'
    ok "$xen: loop devices" 'grep -qx "loop and ext4 work" "$work/out"'
    ok "$xen: files come back" 'cmp "$work/share/bytes" \
        "$work/share/bytes.back"'

    run --share "$work/share" -- cat bytes
    ok "$xen: output is exact" '[ $rc = 0 ] &&
        cmp "$work/share/bytes" "$work/out"'

    run --disk "$work/share" -- sh /work/guest
    ok "$xen: xl create -c of our kernel" '[ $rc = 0 ] &&
        grep -q "guest: Linux 6\.12.*-xl-oci on xen says hello" "$work/out"'
    ok "$xen: the domain goes away" 'grep -q "domain is gone" "$work/out"'

    run --timeout 20 --disk "$work/share" -- sh -c \
        'echo before; xl create -q /work/stuck.cfg; sleep 100'
    ok "$xen: work that hangs ends with 124" '[ $rc = 124 ]'
    ok "$xen: with what it had said" 'grep -qx before "$work/out"'
    ok "$xen: and why, and the consoles" '
        grep -q "not done after 20 s" "$work/err" &&
        grep -q "end of the console of stuck" "$work/err" &&
        grep -q "Kernel panic - not syncing: VFS" "$work/err" &&
        grep -q "end of the console of Xen" "$work/err"'

    run --dom0-mem 40 -- true
    ok "$xen: a Dom0 that does not boot is told" '[ $rc = 125 ] &&
        grep -q "Dom0 did not come up" "$work/err"'
done
echo "1..$number"
[ "$failed" = 0 ]
