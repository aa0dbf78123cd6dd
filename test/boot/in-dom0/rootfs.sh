#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The container's root: what it holds, what becomes of what is written.
here=$(dirname "$0")
. "$here/lib/tap.sh"
. "$here/lib/containers.sh"
cd "$1" || exit 1
cache=/var/cache/xl-oci

written_is_lost() {
    local mode
    for mode in erofs ext4; do
        ends_with 0 "$mode, first" "--rootfs=$mode" write
        is "$output" "nothing kept
written" "$mode, first: can be written"
        ends_with 0 "$mode, again" "--rootfs=$mode" write
        is "$output" "nothing kept
written" "$mode, again: nothing was kept"
    done
    [ ! -e write/rootfs/kept ] && [ -e write/rootfs/etc/group ]
    ok $? "the bundle is untouched"
}

persistent() {
    local file=/var/tmp/kept.ext4
    ends_with 0 "persist, first" "--persist=$file" write
    is "$output" "nothing kept
written" "persist, first: can be written"
    ends_with 1 "persist, again" "--persist=$file" write
    is "$(head -n 1 <<<"$output")" kept "persist, again: it was kept"
    e2fsck -fn "$file" >"$scratch/fsck" 2>&1
    ok $? "persist: the file system is clean" "$(<"$scratch/fsck")"
    rm "$file"
}

readonly_root() {
    ends_with 0 "readonly" readonly
    like "$output" "Read-only file system" "readonly: cannot be written"
    like "$output" "^code 1" "readonly: the writer is told"
}

expected_look() {
    cat <<'EOF'
suid regular file 4755 0:0 0,0 1500000000
owned regular file 640 1234:70000 0,0 1500000000
fifo fifo 644 0:0 0,0 1500000000
null character special file 666 0:0 1,3 1500000000
sticky directory 1777 0:0 0,0 1500000000
link symbolic link 777 0:0 0,0 1500000000
hard1 regular file 600 0:0 0,0 1500000000
one inode
hard1 5 2
sparse 5242880 1
../bin/sh
EOF
    sha256sum <look/rootfs/special/sparse
    echo "user.colour=blue"
}

looks_the_same() {
    # what Dom0's copy of the disk has is what the guest must see
    chown 1234:70000 look/rootfs/special/owned
    ends_with 0 "ext4" --rootfs=ext4 look
    like "$output" "^few blocks" "ext4: a sparse file stays sparse"
    # an image of erofs holds the zeros
    is "$(grep -v '^few blocks' <<<"$output")" "$(expected_look)" \
        "ext4: everything is as in rootfs/"
}

used_kib() {
    sync
    df -k --output=used "$cache" | tail -n 1
}

# The copy that an ext4 root writes: on the disk of the cache, without a name.
private_copy() {
    local used
    detached private --rootfs=ext4 wait
    logs private ready
    is "$(find /run/xl-oci -size +64k)" "" "private: takes no memory of Dom0"
    like "$(cat /sys/block/loop*/loop/backing_file)" \
        "^$cache/#[0-9]+ \(deleted\)\$" "private: is on the disk of the cache"
    used=$(used_kib)
    kill -9 "$(monitor_of private)"
    xl destroy private
    is "$(status private)" stopped "private: ended, its monitor killed"
    deletes private
    is "$(losetup -a)" "" "private: no loop device left"
    is "$(ls "$cache" | grep -vE '^([0-9a-f]{64}\.(erofs|ext4|tree)|lock)$')" \
        "" "private: nothing but the cache is left"
    [ "$(used_kib)" -lt $((used - 512)) ]
    ok $? "private: its space is free again" "$used KiB, then $(used_kib)"
}

entries() { find "$cache" -type f ! -name '*.tree' -printf '%f %i\n' | sort; }

cached() {
    local before image name
    rm -rf "$cache"
    ends_with 0 "cache, first" look
    is "$output" "$(expected_look)" "erofs: everything is as in rootfs/"
    before=$(entries)
    like "$before" '^[0-9a-f]{64}\.erofs' "cache: has an image"
    ends_with 0 "cache, second" look
    is "$(entries)" "$before" "cache: nothing is built for the second"
    image=$(echo "$cache"/*.erofs)
    name=${image##*/}
    printf 'damage' | dd of="$image" bs=1 seek=1024 conv=notrunc 2>/dev/null
    ends_with 0 "cache, damaged" look
    is "$output" "$(expected_look)" "cache, damaged: is not used"
    [ "$(entries | grep -c "^$name ")" = 1 ] && [ "$(entries)" != "$before" ]
    ok $? "cache, damaged: was built anew" "$(entries)"
    truncate -s 8192 "$image"
    ends_with 0 "cache, cut" look
    is "$output" "$(expected_look)" "cache, cut: is not used"
    echo changed >look/rootfs/special/new
    ends_with 0 "cache, other tree" look
    is "$(ls "$cache"/*.erofs | wc -l)" 2 "cache: another tree, another image"
    rm look/rootfs/special/new
}

# ceiling_holds NAME: with a ceiling below all, only what is in use is left
ceiling_holds() {
    is "$(ls "$cache"/*.erofs | wc -l)" 1 "$1: no image that is not in use"
}

ceiling() {
    rm -rf "$cache"
    ends_with 0 "ceiling, none yet" look
    echo changed >look/rootfs/special/new
    echo 'cache_max = "1"' >"$scratch/conf"
    export XL_OCI_CONF=$scratch/conf
    ends_with 0 "ceiling, attached" look
    ceiling_holds "ceiling, attached"
    rm look/rootfs/special/new
    detached bounded wait
    ceiling_holds "ceiling, detached"
    unset XL_OCI_CONF
    deletes bounded -f
}

binds() {
    losetup /dev/loop7 device.ext4
    attached binds
    like "$output" "in the volume" "bind: a directory"
    like "$output" "one file" "bind: a file"
    like "$output" "on device" "bind: a block device"
    like "$output" "Read-only" "bind: is read-only"
    ! grep -q "must not" <<<"$output"
    ok $? "bind: nothing is written" "$output$errors"
    losetup -d /dev/loop7
}

raw_image() {
    ends_with 0 "vm.image" image
    like "$output" "from an image" "vm.image: runs"
}

# disk_nodes NAME: of the domain, with ID for its number
disk_nodes() {
    local id path
    id=$(xl domid "$1")
    for path in "/libxl/$id/device/vbd" "/local/domain/0/backend/vbd/$id" \
                "/local/domain/$id/device/vbd"; do
        xenstore-ls -f -p "$path"
    done | sed -E "s#(libxl|domain|vbd)/$id\b#\1/ID#g
        s/\b([nr])$id\b/\1ID/g
        s/(frontend-id = )\"$id\"/\1\"ID\"/
        s/loop[0-9]+/loopN/; s/\"7:[0-9a-f]+\"/\"7:N\"/" | sort
}

# node_value NODE: of what disk_nodes printed
node_value() {
    sed -n "s#.*/$1 = \"\(.*\)\".*#\1#p" "$scratch/nodes" | head -n 1
}

# We write them ourselves, and for libxl they must be its own.
nodes_are_libxls() {
    local id
    create -p -n ours wait
    ok "$code" "nodes: created" "$errors"
    disk_nodes ours >"$scratch/nodes"
    id=$(xl domid ours)
    deletes ours -f
    is "$(xenstore-ls -f | grep -cE "vbd/$id/|/$id/device/vbd")" 0 \
        "nodes: none is left"
    cat >"$scratch/theirs" <<EOF
name = "theirs"
kernel = "/usr/lib/xl-oci/kernel"
memory = 32
disk = [ "format=raw,vdev=xvda,access=ro,script=$(node_value script),target=$(
    node_value params)" ]
EOF
    xl create -q -p "$scratch/theirs"
    ok $? "nodes: xl makes a domain with the same image"
    is "$(<"$scratch/nodes")" "$(disk_nodes theirs)" \
        "nodes: those that libxl writes"
    xl destroy theirs
    detached ours wait
    logs ours ready
    xl destroy ours
    becomes ours stopped
    is "$(losetup -nO BACK-FILE | grep -c erofs)" 0 \
        "nodes: xl destroy releases what we connected"
    deletes ours
}

# A disk has its loop device a moment before its nodes: who cleans up after
# another domain in that moment must not take it away. losetup labels a device
# with its file's path, as a disk's is with its directory in xenstore.
being_connected() {
    local label
    detached connecting wait
    logs connecting ready
    label=/local/domain/0/backend/vbd/$(xl domid connecting)/51999
    mkdir -p "${label%/*}"
    truncate -s 1M "$label"
    losetup -f "$label"
    ends_with 0 "connecting: another domain ends" readonly
    is "$(losetup -nO BACK-FILE | grep -c "$label")" 1 \
        "connecting: a living domain keeps a device without nodes"
    deletes connecting -f
    is "$(losetup -nO BACK-FILE | grep -c "$label")" 0 \
        "connecting: released when the domain is gone"
    rm -r /local
}

topics nodes_are_libxls being_connected persistent readonly_root \
    looks_the_same private_copy binds raw_image
topics_once written_is_lost cached ceiling
leaves_nothing rootfs
done_testing
