/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * edu: drives QEMU's "edu" accelerator (qemu: docs/specs/edu) behind a PCI
 * host bridge that is one UIO device: map 0 is the bridge's configuration
 * space (ECAM), a later one its window for 32-bit memory. Computes factorials
 * by polling, then one by its interrupt. The argument is where the window
 * begins on the bus, of which a UIO device says nothing: the board's manual
 * does (here: `ranges` of the bridge in the host's tree).
 */
#include "uio.h"

#define UIO "/dev/uio0"
#define CONFIG_BYTES (1u << 20)         /* bus 0 */
#define EDU_BYTES (1u << 20)
#define EDU_ID 0x11e81234u              /* device, vendor */

/* of the configuration header */
#define COMMAND 0x04
#define COMMAND_MEMORY 0x2u
#define BAR0 0x10
#define INTERRUPT_PIN 0x3c

/* of edu's BAR */
#define IDENTITY 0x00
#define LIVENESS 0x04
#define FACTORIAL 0x08
#define STATUS 0x20
#define STATUS_COMPUTING 0x01u
#define STATUS_RAISE 0x80u
#define INTERRUPT_STATUS 0x24
#define INTERRUPT_ACKNOWLEDGE 0x64

static struct uio uio;
static volatile uint32_t *edu;

/* A number of a map, as sysfs tells it. */
static unsigned long number_of(const char *map, const char *file)
{
    char path[128], text[32] = "";
    ssize_t size;
    int fd;

    snprintf(path, sizeof(path), "/sys/class/uio/uio0/maps/%s/%s", map, file);
    fd = open(path, O_RDONLY);
    size = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
    if (fd >= 0)
        close(fd);
    return size > 0 ? strtoul(text, NULL, 16) : 0;
}

/* The largest window but ECAM is that for 32-bit memory. */
static int memory_map(void)
{
    unsigned long size, largest = 0;
    char name[16];
    int i, map = -1;

    for (i = 1; i < 5; i++) {
        snprintf(name, sizeof(name), "map%d", i);
        size = number_of(name, "size");
        if (size > largest) {
            largest = size;
            map = i;
        }
    }
    return map;
}

static volatile uint32_t *map_pages(int map, size_t size_bytes)
{
    void *at = mmap(NULL, size_bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
                    uio.fd, (off_t)map * getpagesize());

    if (at == MAP_FAILED)
        fail("mmap");
    return at;
}

static volatile uint32_t *find_edu(volatile uint32_t *ecam)
{
    int slot;

    for (slot = 0; slot < 32; slot++)
        if (ecam[(slot << 15) / 4] == EDU_ID) {
            printf("edu in slot %d\n", slot);
            return ecam + (slot << 15) / 4;
        }
    fprintf(stderr, "no edu on bus 0\n");
    exit(1);
}

static void start(uint32_t n, uint32_t status)
{
    edu[STATUS / 4] = status;
    edu[FACTORIAL / 4] = n;
}

static uint32_t factorial_by_polling(uint32_t n)
{
    start(n, 0);
    while (edu[STATUS / 4] & STATUS_COMPUTING)
        ;
    return edu[FACTORIAL / 4];
}

static uint32_t factorial_by_interrupt(uint32_t n)
{
    uint32_t count, cause;

    uio_enable_interrupt(&uio);
    start(n, STATUS_RAISE);
    count = uio_wait(&uio);
    cause = edu[INTERRUPT_STATUS / 4];
    edu[INTERRUPT_ACKNOWLEDGE / 4] = cause;
    printf("interrupts %u, cause 0x%x\n", count, cause);
    return edu[FACTORIAL / 4];
}

int main(int argc, char **argv)
{
    uint32_t bus_address = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 0) : 0;
    volatile uint32_t *config;
    uint32_t five, ten, seven;
    int map;

    setvbuf(stdout, NULL, _IOLBF, 0);
    uio = uio_open(UIO, CONFIG_BYTES);
    config = find_edu(uio.registers);
    map = memory_map();
    config[BAR0 / 4] = bus_address;
    config[COMMAND / 4] |= COMMAND_MEMORY;
    printf("pin %u\n", config[INTERRUPT_PIN / 4] >> 8 & 0xff);
    edu = map_pages(map, EDU_BYTES);
    printf("identity 0x%08x\n", edu[IDENTITY / 4]);
    edu[LIVENESS / 4] = 0x12345678;
    if (edu[IDENTITY / 4] != 0x010000ed || edu[LIVENESS / 4] != ~0x12345678u)
        return 1;
    five = factorial_by_polling(5);
    ten = factorial_by_polling(10);
    seven = factorial_by_interrupt(7);
    printf("5! = %u, 10! = %u, 7! = %u\n", five, ten, seven);
    return five == 120 && ten == 3628800 && seven == 5040 ? 0 : 1;
}
