/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cdns-uart UIO TEXT: sends a line by a serial port of Cadence, as Zynq has it,
 * and for each piece of it waits for the interrupt that says it is sent.
 */
#include <string.h>

#include "uio.h"

/* words, not bytes: UG1085, "UART Register Overview" */
enum { CONTROL = 0x00 / 4, ENABLE = 0x08 / 4, DISABLE = 0x0c / 4,
       CAUSE = 0x14 / 4, FIFO = 0x30 / 4 };
#define RESET 0x3u
#define TRANSMIT 0x10u
#define EMPTY 0x8u
#define PIECE 16u           /* of the 64 bytes that the port takes at once */

static void send_piece(const struct uio *uio, const char *text, size_t length)
{
    size_t i;

    for (i = 0; i < length; i++)
        uio->registers[FIFO] = (unsigned char)text[i];
}

/* The cause is there as long as nothing is to be sent: off until the next. */
static uint32_t send_line(const struct uio *uio, const char *text)
{
    size_t length, left = strlen(text);
    uint32_t before = 0, count = 0, pieces = 0;

    for (; left; left -= length, text += length) {
        length = left < PIECE ? left : PIECE;
        send_piece(uio, text, length);
        uio_enable_interrupt(uio);
        uio->registers[ENABLE] = EMPTY;
        count = uio_wait(uio);
        uio->registers[DISABLE] = EMPTY;
        uio->registers[CAUSE] = EMPTY;
        before = pieces++ ? before : count - 1;
    }
    printf("pieces %u, interrupts %u\n", pieces, count - before);
    return count - before == pieces;
}

int main(int argc, char **argv)
{
    char line[256];
    struct uio uio = uio_of_arguments(argc, argv, 3);

    uio.registers[CONTROL] = RESET;
    uio.registers[CONTROL] = TRANSMIT;
    snprintf(line, sizeof(line), "%s\n", argv[2]);
    return send_line(&uio, line) ? 0 : 1;
}
