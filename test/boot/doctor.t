#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# doctor.t [FAULT...]: what the doctor says of a host's tree, against what real
# Xen does with it. Each fault_NAME below spoils the tree that QEMU makes for
# its machine `virt`. The doctor must name it, alone; Xen must end as said, in
# its own words; and with the tree that --fix writes Dom0's kernel must begin.
# Where nothing can be corrected, the tree without the fault stands for that.
# A boot ends at the line that decides, so it takes a second or two.
#
# Xen has no console before it knows the tree, the GIC and the port. What it
# would say is in a ring in its memory, and that is a file here.
# shellcheck source-path=SCRIPTDIR source=../xl/tap.sh
. "$(dirname "$0")/../xl/tap.sh"
# shellcheck source-path=SCRIPTDIR source=../qemu/lib.sh
. "$top/test/qemu/lib.sh"
need_commands qemu-system-aarch64 dtc fdtput fdtget
xl_oci=${XL_OCI:-$top/${O:-build}/bin/xl-oci}
[ -x "$xl_oci" ] || die "no $xl_oci (remedy: make)"
limit_s=${BOOT_LIMIT_S:-60}
read -ra xens <<<"${XENS:-4.20 4.17}"

qemu= work=$scratch
ram=$work/ram
[ ! -w /dev/shm ] || ram=$(mktemp /dev/shm/xl-oci-doctor.XXXXXX)
trap 'power_off; rm -rf "$work" "$ram"' EXIT
trap 'exit 143' INT TERM HUP

# so TITLE COMMAND...: or what doctor and Xen said
so() {
    local before=$failed
    ok "$@"
    [ "$failed" != "$before" ] || return 0
    sed 's/^/#   doctor: /' "$work/doctor"
    tail -n 12 "$work/words" | sed 's/^/#   Xen: /'
}

# --- the machine -------------------------------------------------------------

linux='Booting Linux on physical CPU 0x0000000000'
xen_line="dom0_mem=128M bootscrub=0"
linux_line="bootargs=console=hvc0 earlycon=xenboot"
declare -A image

# machine XEN ARG...: becomes QEMU, with the GIC $gic. No ramdisk, as no user
# space is reached. Dom0's kernel and Xen's command line are told by the tree.
machine() {
    local kernel=${image[4.20]}/vmlinuz
    exec qemu-system-aarch64 -accel tcg -cpu cortex-a57 -m 1024 \
        -display none -nodefaults -no-reboot -kernel "${image[$1]}/xen" \
        -M "virt,virtualization=on,gic-version=$gic" \
        -device "guest-loader,addr=0x50000000,kernel=$kernel,$linux_line" \
        "${@:2}"
}

power_off() {
    [ -z "$qemu" ] || { kill "$qemu" 2>/dev/null; wait "$qemu"; } || true
    qemu=
}

# Xen's ring is somewhere in there, and Dom0's log. grep passes over what was
# never written to.
search_memory() {
    LC_ALL=C grep -za "$@" "$ram"
}

over="(XEN) Reboot in five seconds\|$linux"

has_ended() {
    if [ -s "$work/serial" ]; then
        grep -aq "$over" "$work/serial"
    else
        search_memory -q "$over"
    fi || ! kill -0 "$qemu" 2>/dev/null
}

# boot XEN TREE: leaves what came out of the port in $work/serial, and the same
# or, where that is nothing, Xen's ring in $work/words.
boot() {
    local end=$((SECONDS + limit_s))
    truncate -s 0 "$work/serial" "$ram"
    machine "$1" -dtb "$2" -serial "file:$work/serial" \
        -object "memory-backend-file,id=ram,size=1G,mem-path=$ram,share=on" \
        -M memory-backend=ram </dev/null >"$work/qemu.log" 2>&1 &
    qemu=$!
    until has_ended || [ "$SECONDS" -ge "$end" ]; do sleep 0.1; done
    power_off
    tr -d '\r' <"$work/serial" >"$work/words"
    [ -s "$work/words" ] ||
        { search_memory -o "(XEN) [[:print:]]*"; search_memory -o "$linux"; } |
            tr '\0' '\n' >"$work/words" || true
}

# The tree that QEMU makes for the machine, as $tree. QEMU leaves room in it,
# and with twice that Xen would not take it.
take_tree() {
    local made=$work/made-$gic.dtb
    [ -e "$made" ] || {
        (machine 4.20 -append "$xen_line" -M "dumpdtb=$made.room") \
            >"$work/qemu.log" 2>&1
        dtc -q -I dtb -O dtb -o "$made" "$made.room"
    }
    cp "$made" "$tree"
}

# --- editing -----------------------------------------------------------------

node() { fdtput -c "$tree" "$1"; }              # becomes its parent's first
cells() { fdtput -t x "$tree" "$@"; }           # in hex
text() { fdtput -t s "$tree" "$@"; }
drop() { fdtput -d "$tree" "$@"; }

# reserve ADDRESS SIZE: of memory
reserve() {
    fdtget -l "$tree" /reserved-memory >"$work/list" 2>&1 || {
        node /reserved-memory
        cells /reserved-memory '#address-cells' 2
        cells /reserved-memory '#size-cells' 2
        cells /reserved-memory ranges
    }
    node "/reserved-memory/part@$1"
    cells "/reserved-memory/part@$1" reg 0 "$1" 0 "$2"
}

# device NODE ADDRESS: with a page there
device() {
    node "$1"
    cells "$1" reg 0 "$2" 0 1000
}

# --- faults ------------------------------------------------------------------
#
# Each edits $tree and sets
#   check, at      what the doctor finds, and at which node, if at one
#   severity       an error, if it is not set
#   argument       the DEVICE that the doctor is asked about, if one
#   says           what Xen prints then, in this order
#   says_4_17      the same of Xen 4.17 on its console, where it differs
#   silent         set: not a word on the console, says is in Xen's memory
#   starts         the Xens that start Dom0 all the same
#   dom0s          a node that Dom0 has then, and with the correction has not
#   fix            set: --fix corrects it

dom0_fails='Could not set up DOM0 guest OS'

# A disabled device of a bus whose window ends before it.
fault_address() {
    node /bus@b000000
    cells /bus@b000000 '#address-cells' 1
    cells /bus@b000000 '#size-cells' 1
    cells /bus@b000000 ranges 0 b000000 1000
    node /bus@b000000/core@1000
    cells /bus@b000000/core@1000 reg 1000 1000
    text /bus@b000000/core@1000 status disabled
    check=board-address at=/bus@b000000/core@1000 fix=yes
    says=("Unable to retrieve address 0 for $at"
          "Device tree generation failed (-22)." "$dom0_fails")
}

# A PCI host bridge with a window beyond what addresses reach.
fault_address-wide() {
    cells /pcie@10000000 ranges 2000000 0 10000000 ffffffff 10000000 0 1000000
    check=board-address at=/pcie@10000000 fix=yes
    says=("Unable to map 0xffffffff10000000 - 0xffffffff10ffffff in domain 0"
          "Device tree generation failed (-22)." "$dom0_fails")
}

# An interrupt-map without a row for the device.
fault_interrupt() {
    node /nexus
    cells /nexus '#interrupt-cells' 1
    cells /nexus '#address-cells' 0
    cells /nexus interrupt-map 1 "$(fdtget -t x "$tree" / interrupt-parent)" \
        0 0 0 64 4
    cells /nexus phandle 7777
    device /core@b000000 b000000
    cells /core@b000000 interrupt-parent 7777
    cells /core@b000000 interrupts 2
    check=board-interrupt at=/core@b000000 fix=yes
    says=("Unable to retrieve irq 0 for $at"
          "Device tree generation failed (-22)." "$dom0_fails")
}

# More than Dom0 can have of any GIC. (This machine's has 256 lines, and of
# those beyond that Xen says the same.)
fault_interrupt-number() {
    device /core@b000000 b000000
    cells /core@b000000 interrupts 0 3c0 4
    check=board-interrupt at=/core@b000000 fix=yes
    says=("the vIRQ number 992 is too high for domain 0"
          "Device tree generation failed (-22)." "$dom0_fails")
}

# The enabled device as level, the disabled one behind it as edge.
fault_trigger() {
    device /core@b001000 b001000
    cells /core@b001000 interrupts 0 64 1
    text /core@b001000 status disabled
    device /core@b000000 b000000
    cells /core@b000000 interrupts 0 64 4
    check=board-trigger at=/core@b001000 fix=yes
    says=("Unable to get irq 0 for $at"
          "Device tree generation failed (-1)." "$dom0_fails")
}

# That of the console.
fault_interrupt-of-xen() {
    device /serial@b000000 b000000
    cells /serial@b000000 interrupts 0 1 4
    text /serial@b000000 compatible arm,pl011
    text /serial@b000000 status disabled
    check=board-interrupt-of-xen at=/serial@b000000 fix=yes
    says=("IRQ 33 is already used by Xen"
          "Device tree generation failed (-16)." "$dom0_fails")
}

# A GICv2 with frames as large as those of a GICv1.
fault_gic-sizes() {
    gic=2
    take_tree
    cells /intc@8000000 reg 0 8000000 0 10000 0 8010000 0 1000 \
        0 8030000 0 10000 0 8040000 0 1000
    check=board-gic at=/intc@8000000 fix=yes
    says=("GICv2: Sizes of GICC (0x00000000002000) and GICV (0x00000000001000)"
          "don't match")
}

fault_gic-redistributors() {
    cells /intc@8000000 reg 0 8000000 0 10000
    check=board-gic at=/intc@8000000
    says=("GICv3: No rdist base found for region 0")
}

fault_gic-distributor() {
    cells /intc@8000000 reg 0 8000800 0 10000 0 80a0000 0 f60000
    check=board-gic at=/intc@8000000
    says=("GICv3:  Found unaligned distributor address 0000000008000800")
}

fault_gic-maintenance() {
    drop /intc@8000000 interrupts
    check=board-gic at=/intc@8000000
    says=("GICv3: Cannot find the maintenance IRQ")
}

fault_gic-unknown() {
    text /intc@8000000 compatible example,gic
    check=board-gic silent=yes
    says=("Unable to find compatible ")
}

fault_timer() {
    fdtput -r "$tree" /timer
    check=board-timer silent=yes
    says=("Unable to find a compatible timer in the device tree")
}

# Secure and physical, as for a guest.
fault_timer-interrupts() {
    cells /timer interrupts 1 d 104 1 e 104
    check=board-timer at=/timer
    says=("Timer: Unable to retrieve IRQ 2 from the device tree")
}

# Dom0's kernel begins, and nobody sees it.
fault_console() {
    drop /chosen stdout-path
    check=board-console severity=warning at=/chosen silent=yes
    says=("No dtuart path configured" "$linux")
}

fault_console-unknown() {
    text /chosen stdout-path /pl031@9010000
    check=board-console severity=warning at=/pl031@9010000 silent=yes
    says=('Looking for dtuart at "/pl031@9010000"'
          "Unable to initialize dtuart: -" "$linux")
}

fault_console-disabled() {
    text /pl011@9000000 status disabled
    check=board-console severity=warning at=/pl011@9000000 silent=yes
    says=('Looking for dtuart at "/pl011@9000000"'
          "Unable to initialize dtuart: -" "$linux")
}

fault_console-interrupt() {
    drop /pl011@9000000 interrupts
    check=board-console severity=warning at=/pl011@9000000 silent=yes
    says=('Looking for dtuart at "/pl011@9000000"'
          "pl011: Unable to retrieve the IRQ" "$linux")
}

fault_module() {
    drop /chosen/module@0x50000000 reg
    check=board-module at=/chosen/module@0x50000000 silent=yes
    says=("node module@0x50000000 missing \`reg' property")
}

fault_module-kernel() {
    text /chosen/module@0x50000000 compatible multiboot,ramdisk \
        multiboot,module
    check=board-module at=/chosen
    says=("Missing kernel boot module?" "$dom0_fails")
}

# A ramdisk as the loader of Linux tells it, that ends where it begins.
fault_module-ramdisk() {
    cells /chosen linux,initrd-start 58000000
    cells /chosen linux,initrd-end 58000000
    check=board-module at=/chosen silent=yes
    says=("linux,initrd limits invalid: 0000000058000000 >= 0000000058000000"
          "fdt: node \`chosen': parsing failed"
          "Early FDT parsing failed (-22)")
    # which only stops reading there
    says_4_17=("Missing kernel boot module?" "$dom0_fails")
}

fault_reserved() {
    reserve 70000000 2000
    reserve 70001000 2000
    check=board-reserved at=/reserved-memory/part@70000000 silent=yes
    says=("Region: [0x00000070000000, 0x00000070002000) overlapping with"
          "bank[0]: [0x00000070001000, 0x00000070003000)"
          "Early FDT parsing failed (-22)")
    starts=4.17
}

# A part of memory that leaves a /memreserve/.
fault_reserved-leaving() {
    reserve 70001000 2000
    dtc -q -I dtb -O dts "$tree" |
        sed '1a /memreserve/ 0x70000000 0x2000;' |
        dtc -q -I dts -O dtb -o "$tree.reserved"
    mv "$tree.reserved" "$tree"
    check=board-reserved at=/reserved-memory/part@70001000 silent=yes
    says=("Region: [0x00000070001000, 0x00000070003000) overlapping with"
          "Early FDT parsing failed (-22)")
    starts=4.17
}

# Over Dom0's kernel.
fault_reserved-module() {
    reserve 50000000 1000
    check=board-reserved at=/reserved-memory/part@50000000
    says=("Missing kernel boot module?" "$dom0_fails")
    starts=4.17
}

fault_reserved-many() {
    local parts=() i
    for ((i = 0; i < 257; i++)); do
        parts+=(0 "$(printf %x $((0x70000000 + i * 0x2000)))" 0 1000)
    done
    reserve 70000000 1000
    cells /reserved-memory/part@70000000 reg "${parts[@]}"
    check=board-reserved at=/reserved-memory silent=yes
    says=("Max number of supported reserved-memory regions reached.")
}

# A device as Dom0 has it, for which the doctor is asked.
fault_unmarked() {
    check=device-unmarked at=/pl031@9010000 argument=$at fix=yes
    starts="4.20 4.17" dom0s=$at
}

# Each node counts by its own mark.
fault_below-unmarked() {
    device /core@b000000 b000000
    text /core@b000000 compatible mmio-sram
    cells /core@b000000 '#address-cells' 2
    cells /core@b000000 '#size-cells' 2
    cells /core@b000000 ranges
    cells /core@b000000 xen,passthrough
    device /core@b000000/port@b001000 b001000
    text /core@b000000/port@b001000 compatible mmio-sram
    cells /core@b000000/port@b001000 interrupts 0 64 4
    check=board-below-unmarked at=/core@b000000/port@b001000 fix=yes
    starts="4.20 4.17" dom0s=$at
}

# --- each fault --------------------------------------------------------------

doctor() {
    "$xl_oci" devices --host-dtb "$tree" --doctor ${argument:+"$argument"} \
        "$@" >"$work/doctor" 2>&1
}

# What the doctor says, and that it says nothing else.
named() {
    ! doctor || [ "$severity" = warning ] || return 1
    [ "$(grep -c '\]$' "$work/doctor")" = 1 ] &&
        grep -q "^$tree: $severity: ${at:+$at: }.* \[$check\]\$" "$work/doctor"
}

began() {
    grep -aq "$linux" "$work/serial"
}

# TEXT...: in Xen's words, one after the other, and that is the end.
ends() {
    local one rest
    rest=$(cat "$work/words")
    for one in "$@"; do
        [[ $rest == *"$one"* ]] || return 1
        rest=${rest#*"$one"}
    done
    ! began && { [ -z "$silent" ] || [ ! -s "$work/serial" ]; }
}

# Whether Dom0's own tree, which is still in its memory, has the node enabled.
is_dom0s() {
    local first last
    read -r first last < <(sed -n 's/-/ /; s/.*Loading d0 DTB to //p' \
        "$work/words") || return 1
    tail -c +$((first - 0x40000000 + 1)) "$ram" |
        head -c $((last - first)) >"$work/dom0.dtb"
    [ "$(fdtget -d okay "$work/dom0.dtb" "$1" status)" = okay ]
}

is_not_dom0s() {
    ! is_dom0s "$1" &&
        [ "$(fdtget "$work/dom0.dtb" "$1" status)" = disabled ]
}

correct() {
    doctor --fix "$work/fixed.dtb" && cp "$work/fixed.dtb" "$tree" && doctor
}

judge_fault() {
    local xen=$1 silent=$silent texts=("${says[@]}")
    boot "$xen" "$tree"
    case " $starts " in
    *" $xen "*) so "$title Xen $xen starts Dom0 all the same" began ;;
    *)
        if [ "$xen" = 4.17 ] && [ ${#says_4_17[@]} != 0 ]; then
            texts=("${says_4_17[@]}") silent=''
        fi
        so "$title Xen $xen: ${texts[0]}" ends "${texts[@]}"
        ;;
    esac
    [ -z "$dom0s" ] || so "$title ... which has $dom0s" is_dom0s "$dom0s"
}

judge() {
    local name=$1 check at='' severity=error argument='' says=() says_4_17=()
    local silent='' starts='' dom0s='' fix='' gic=3 title xen
    take_tree
    "fault_$name"
    title="$name: [$check]"
    : >"$work/words"
    so "$title is what the doctor finds, alone" named
    for xen in "${xens[@]}"; do judge_fault "$xen"; done
    [ -n "$fix" ] || return 0
    so "$title is corrected" correct
    for xen in "${xens[@]}"; do
        boot "$xen" "$tree"
        so "$title corrected, Xen $xen starts Dom0" began
        [ -z "$dom0s" ] ||
            so "$title ... which has $dom0s no more" is_not_dom0s "$dom0s"
    done
}

is_healthy() {
    doctor && grep -qx "nothing found" "$work/doctor"
}

mapfile -t faults < <(declare -F | sed -n 's/^declare -f fault_//p')
[ $# = 0 ] || faults=("$@")
tree=$work/tree.dtb argument=
for xen in 4.20 "${xens[@]}"; do
    image[$xen]=$("$top/test/qemu/dom0-image" "$xen")
done

# What all others are compared with: without a fault, each Xen boots.
for gic in 2 3; do
    take_tree
    so "GICv$gic: the doctor finds nothing in QEMU's own tree" is_healthy
    for xen in "${xens[@]}"; do
        boot "$xen" "$tree"
        so "GICv$gic: Xen $xen starts Dom0 with it" began
    done
done
for fault in "${faults[@]}"; do judge "$fault"; done
finish
