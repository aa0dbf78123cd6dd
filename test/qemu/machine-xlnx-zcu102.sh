# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2034,SC2054
#
# QEMU's ZCU102, a board with a Zynq UltraScale+ MPSoC. See machine.sh.

machine_type=xlnx-zcu102,virtualization=on
machine_memory_mib=2048
machine_uart=serial0
machine_linux_line="clk_ignore_unused pd_ignore_unused"
machine_on_console=yes

# QEMU has no tree of this board. Linux has, as Debian's kernel package brings
# it, and Xen does not get far with that: the product's doctor corrects it.
make_tree() {
    local tree=$1 trees given xl_oci
    xl_oci=${XL_OCI:-$here/../../${O:-build}/bin/xl-oci}
    [ -x "$xl_oci" ] || die "no $xl_oci (remedy: make)"
    trees=$("$here/../dt/trees" "$(xen_suite "$version")")
    given=$(find "$trees" -name zynqmp-zcu102-rev1.0.dtb)
    "$xl_oci" devices --host-dtb "$given" --doctor --fix "$tree" \
        >"$run/doctor.log" || { cat "$run/doctor.log" >&2; return 1; }
    edit_tree "$tree"
}

prepare_machine() {
    local tree=$run/job/host.dtb
    board_refuses
    [ -z "$interactive" ] || die "--interactive: $machine has no channel for it"
    make_tree "$tree" || die "the machine's device tree cannot be made"
    # Of six processors two are not for Linux; those that there are not fail
    # to come up, and that is all.
    args+=(-smp "$cpus" -serial "file:${serial:-/dev/null}" -nic none)
    fill_ramdisk
    cp "$tree" "$run/tree.dtb"
    add_modules "$run/tree.dtb"
    args+=(-dtb "$run/tree.dtb")
}
