#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Devices of a Versal in containers: a serial port by the guest's own driver,
# and the accelerator memory (XRAM).
. "$(dirname "$0")/lib/devices.sh"

listing() {
    like "$(told_of /uart@ff010000)" \
        'memory: 0xff010000\+0x1000 .*SPI 19 .*may be passed through' \
        "oci-devices: the serial port may be had"
    like "$(told_of /xram@fe800000)" \
        'memory: 0xfe800000\+0x400000 .*may be passed through' \
        "oci-devices: the XRAM may be had"
    like "$(told_of /uart@ff000000)" 'device-console' \
        "oci-devices: the first serial port is Xen's"
    like "$(told_of /dma@ffa80000)" 'device-dma' \
        "oci-devices: a DMA engine without an IOMMU may not"
}

uart() {
    ends_with 0 "serial port" uart
    like "$output" '[1-9][0-9]* .*uart-pl011' "serial port: it interrupts"
}

xram() {
    ends_with 0 "XRAM" xram
    like "$output" '^before: 1048576 wrong' "XRAM: the pattern is new to it"
    like "$output" '^write: 1048576 words, 0 wrong' "XRAM: all of it"
}

# The XRAM keeps what a container wrote, for who comes next: it is the device,
# and not memory of the domain.
both() {
    ends_with 0 "serial port and XRAM in one container" both
    like "$output" 'uart-pl011' "both: the serial port"
    like "$output" '^check: 1048576 words, 0 wrong' \
        "both: the XRAM has what the other container wrote"
}

settings
topics listing uart xram both
leaves_nothing xlnx-versal-virt
done_testing
