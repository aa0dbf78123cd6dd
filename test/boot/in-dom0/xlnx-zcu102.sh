#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Devices of a ZCU102 in containers, each driven by the container's own program
# (UIO): a serial port, and a timer that the board's tree has disabled.
. "$(dirname "$0")/lib/devices.sh"

listing() {
    like "$(told_of serial1)" \
        'memory: 0xff010000\+0x1000 .*SPI 22 .*may be passed through' \
        "oci-devices: the second serial port may be had"
    like "$(told_of serial0)" 'device-console' \
        "oci-devices: the first is Xen's"
    like "$(told_of /axi/dma-controller@fd500000)" 'device-dma' \
        "oci-devices: a DMA engine without an IOMMU may not"
    like "$(told_of /axi/rtc@ffa60000)" 'device-page-partial' \
        "oci-devices: the clock has less than a page"
}

uart() {
    ends_with 0 "serial port" uart
    like "$output" '^pieces 5, interrupts 5' \
        "serial port: an interrupt for each piece sent"
}

timer() {
    refuses device-disabled "timer without the administrator's word" timer
    settings 'device_allow = [ "/axi/timer@ff110000 disabled" ]'
    ends_with 0 "timer" timer
    like "$output" '^intervals 5, beyond the interval 0' \
        "timer: it runs, and interrupts"
}

both() {
    ends_with 0 "serial port and timer in one container" both
    like "$output" '^pieces 5, interrupts 5' "both: the serial port"
    like "$output" '^intervals 5' "both: the timer"
}

# Who has it is named; when its container is gone, it works for the next.
held() {
    detached first uart-hold
    logs first held
    refuses device-held "serial port of another" -n second uart
    like "$errors" 'serial@ff010000 .* held by the container "first"' \
        "serial port of another: who has it"
    detached other timer
    becomes other stopped
    deletes other
    deletes first -f
    ends_with 0 "serial port after another" uart
}

not_granted() {
    refuses device-console "the port of Xen's console" console
}

settings
topics listing uart timer both held not_granted
leaves_nothing xlnx-zcu102
done_testing
