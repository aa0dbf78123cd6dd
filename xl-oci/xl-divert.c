/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Stands in xl's place where xl cannot be rebuilt with our patch: runs
 * LIBEXEC_BIN/xl-oci-COMMAND for "xl oci-COMMAND", and the stock xl, which
 * install-divert has put aside, for everything else. The command line is
 * passed on as it is, so whoever runs next parses what the user typed.
 */
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Fixed when built, as xl runs as root: neither $PATH nor argv[0] decides. */
#if !defined(LIBEXEC_BIN) || !defined(XL_STOCK)
#error "define LIBEXEC_BIN (directory) and XL_STOCK (path of the stock xl)"
#endif

/* The first words also tell install-divert that this program is ours. */
static int fail_exec(const char *path, const char *remedy)
{
    fprintf(stderr, "xl-divert of xl-oci: cannot run %s: %s (remedy: %s)\n",
            path, strerror(errno), remedy);
    return EXIT_FAILURE;
}

/*
 * xl.c main() parses its global options so; '+' stops at the first word. An
 * option that xl does not know is left for xl to complain about.
 */
static const char *find_command(int argc, char **argv)
{
    int option;

    opterr = 0;
    while ((option = getopt(argc, argv, "+vftTN")) >= 0)
        if (option == '?')
            return NULL;
    return optind < argc ? argv[optind] : NULL;
}

/* Without '/' and '.', a name cannot lead out of LIBEXEC_BIN. */
static bool is_oci_command(const char *name)
{
    static const char prefix[] = "oci-";

    return !strncmp(name, prefix, sizeof(prefix) - 1) &&
           !name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-")];
}

/* Returns only on failure; as patched xl, "no such program" is not one. */
static int exec_oci_command(const char *name, char **argv)
{
    char path[PATH_MAX];
    int length = snprintf(path, sizeof(path), LIBEXEC_BIN "/xl-%s", name);

    if ((size_t)length >= sizeof(path))
        return 0;
    execv(path, argv);
    return errno == ENOENT ? 0 : fail_exec(path, "install xl-oci again");
}

int main(int argc, char **argv)
{
    const char *command = find_command(argc, argv);
    int status;

    if (command && is_oci_command(command)) {
        status = exec_oci_command(command, argv);
        if (status)
            return status;
    }
    execv(XL_STOCK, argv);
    return fail_exec(XL_STOCK, "install Xen's tools again, or remove this "
                     "program: make uninstall-divert");
}
