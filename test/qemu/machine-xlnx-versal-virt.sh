# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2034,SC2054
#
# QEMU's virtual board with a Versal, as far as QEMU has it. See machine.sh.

machine_type=xlnx-versal-virt
machine_memory_mib=2048
machine_uart=/uart@ff000000
machine_linux_line="clk_ignore_unused pd_ignore_unused"

# The tree is that which QEMU makes. It lacks the accelerator memory (XRAM),
# which the machine has.
make_tree() {
    local tree=$1 xram=/xram@fe800000
    qemu-system-aarch64 "${args[@]}" -M "dumpdtb=$tree" 2>"$run/qemu.log" ||
        return
    fdtput -c "$tree" "$xram"
    fdtput -t s "$tree" "$xram" compatible xlnx,versal-xram mmio-sram
    fdtput -t x "$tree" "$xram" reg 0 fe800000 0 400000
    add_modules "$tree"
    edit_tree "$tree"
}

prepare_machine() {
    local tree=$run/job/host.dtb
    board_refuses
    make_disk
    # Two of the four processors are not for Linux.
    args+=(-smp 4 -serial "file:${serial:-/dev/null}" -nic none)
    make_tree "$tree" || die "the machine's device tree cannot be made"
    args+=(-dtb "$tree")
    connect_virtio
}
