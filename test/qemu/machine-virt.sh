# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2034,SC2054
#
# QEMU's machine "virt": not a board that exists. See machine.sh.

machine_type=virt,virtualization=on,gic-version=3
machine_memory_mib=3072
machine_uart=/pl011@9000000

# The tree is that which QEMU makes for this very machine (it holds the sizes
# of Dom0's modules), edited.
prepare_machine() {
    local tree=$run/job/host.dtb line="bootargs=$linux_line"
    [ -z "$serial" ] || die "--serial: virt has one port (remedy: a board)"
    make_disk
    args+=(
        -cpu cortex-a57 -smp "$cpus"
        -device "guest-loader,addr=0x50000000,kernel=$image/vmlinuz,$line"
        -device "guest-loader,addr=0x58000000,initrd=$run/initrd"
    )
    connect_virtio
    [ -z "$tpm" ] || args+=(
        -chardev "socket,id=tpm,path=$run/tpm/socket"
        -tpmdev emulator,id=tpm0,chardev=tpm -device tpm-tis-device,tpmdev=tpm0
    )
    if [ ${#marked[@]} != 0 ] || [ ${#disabled[@]} != 0 ]; then
        start_tpm
        { qemu-system-aarch64 "${args[@]}" -M "dumpdtb=$tree" \
            4>"$run/ctl" 7>&1 8>&2 </dev/null 2>"$run/qemu.log" &&
            edit_tree "$tree"; } ||
            die "the machine's device tree cannot be made"
        args+=(-dtb "$tree")
    fi
    start_tpm
}
