/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ttc UIO: lets the first counter of a triple timer (Cadence's, as Zynq has it)
 * run to its interval a few times, and takes an interrupt each time.
 */
#include "uio.h"

/* words, not bytes: UG1085, "TTC Register Overview" */
enum { CLOCK = 0x00 / 4, CONTROL = 0x0c / 4, VALUE = 0x18 / 4,
       INTERVAL = 0x24 / 4, CAUSE = 0x54 / 4, ENABLE = 0x60 / 4 };
#define BY_65536 (15u << 1 | 1u)
#define STOP 0x21u          /* and no waveform */
#define RUN_TO_INTERVAL 0x32u   /* from 0 */
#define AT_INTERVAL 0x1u
#define TICKS 256u          /* an eighth of a second at 133 MHz */
#define TIMES 5u

int main(int argc, char **argv)
{
    uint32_t i, beyond = 0;
    struct uio uio = uio_of_arguments(argc, argv, 2);

    uio.registers[CONTROL] = STOP;
    uio.registers[CLOCK] = BY_65536;
    uio.registers[INTERVAL] = TICKS;
    (void)uio.registers[CAUSE];         /* reading clears */
    uio.registers[ENABLE] = AT_INTERVAL;
    uio.registers[CONTROL] = RUN_TO_INTERVAL;
    for (i = 0; i < TIMES; i++) {
        uio_enable_interrupt(&uio);
        uio_wait(&uio);
        if (!(uio.registers[CAUSE] & AT_INTERVAL))
            break;
        beyond += uio.registers[VALUE] > TICKS;
    }
    uio.registers[CONTROL] = STOP;
    uio.registers[ENABLE] = 0;
    printf("intervals %u, beyond the interval %u\n", i, beyond);
    return i == TIMES && !beyond ? 0 : 1;
}
