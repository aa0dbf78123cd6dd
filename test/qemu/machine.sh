# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# What run-dom0's machines share. Each is a file machine-NAME.sh that sets the
# variables below and defines prepare_machine, which adds to args what QEMU
# needs for the disk, Dom0's modules, the channels and the device tree.
# Variables without a value here are run-dom0's.
#
#   machine_type         of QEMU, with its properties
#   machine_memory_mib   unless --memory says more
#   machine_uart         the console: its node in the device tree
#   machine_linux_line   added to the command line of Dom0's kernel
#   machine_on_console   set where there is no virtio: see connect_console

machine_linux_line='' machine_on_console=''

# As a board's owner would.
edit_tree() {
    local node
    for node in "${marked[@]}"; do
        fdtput "$1" "$node" xen,passthrough || return
    done
    for node in "${disabled[@]}"; do
        fdtput -t s "$1" "$node" status disabled || return
    done
}

# --- virtio: disk, job, share and channels -----------------------------------

# shellcheck disable=SC2054     # the commas are QEMU's
connect_virtio() {
    args+=(
        -fsdev "local,id=job,path=$run/job,security_model=none"
        -device virtio-9p-device,fsdev=job,mount_tag=job
        -drive "file=$run/disk,if=none,id=disk,format=raw,cache=unsafe"
        -device virtio-blk-device,drive=disk
        -device virtio-serial-device
        -add-fd fd=4,set=4 -chardev file,id=ctl,path=/dev/fdset/4,append=on
        -device virtserialport,chardev=ctl,name=ctl
    )
    [ -z "$share" ] || args+=(
        -fsdev "local,id=share,path=$share,security_model=none,multidevs=remap"
        -device virtio-9p-device,fsdev=share,mount_tag=share
    )
    if [ -n "$interactive" ]; then
        args+=(-chardev stdio,id=tty,signal=off
               -device virtconsole,chardev=tty)
    else
        args+=(
            -add-fd fd=7,set=7 -chardev file,id=out,path=/dev/fdset/7,append=on
            -add-fd fd=8,set=8 -chardev file,id=err,path=/dev/fdset/8,append=on
            -device virtserialport,chardev=out,name=out
            -device virtserialport,chardev=err,name=err
        )
    fi
}

# --- without virtio: the ramdisk, and the console back ------------------------

# Sets wire to where the console's bytes go. console-channels ends with QEMU.
connect_console() {
    wire=$run/wire
    mkfifo "$wire"
    "$here/console-channels" "$wire" "$console" "$share" 4>"$run/ctl" \
        7>&1 8>&2 &
    channels=$!
}

# What virtio brings elsewhere, in an archive that goes over Dom0's.
fill_ramdisk() {
    local tree=$run/ramdisk
    mkdir "$tree"
    cp -a "$run/job" "$tree/testbed"
    [ -z "$share" ] || cp -a "$share" "$tree/share"
    [ -z "$disk" ] || cp -a "$disk" "$tree/work"
    append_overlay "$tree"
    rm -rf "$tree"
}

# --- boards: Dom0's modules are told to Xen in the tree ----------------------

# add_module TREE ADDRESS FILE COMPATIBLE: ADDRESS in hex, in the first 4 GiB
add_module() {
    local tree=$1 address=$2 file=$3 node=/chosen/module@$2
    args+=(-device "loader,file=$file,addr=0x$address,force-raw=on")
    fdtput -c "$tree" "$node"
    fdtput -t s "$tree" "$node" compatible "$4" multiboot,module
    fdtput -t x "$tree" "$node" reg 0 "$address" \
        0 "$(printf %x "$(stat -L -c %s "$file")")"
}

# The board's memory begins at 0. QEMU puts Xen there and the tree at 128 MiB.
add_modules() {
    add_module "$1" 10000000 "$image/vmlinuz" multiboot,kernel
    fdtput -t s "$1" /chosen/module@10000000 bootargs "$linux_line"
    add_module "$1" 18000000 "$run/initrd" multiboot,ramdisk
}

board_refuses() {
    [ -z "$tpm" ] || die "--tpm: $machine has no place for it (remedy: virt)"
    [ "$memory_mib" -le 2048 ] ||
        die "--memory $memory_mib: $machine has 2048 in one piece"
}
