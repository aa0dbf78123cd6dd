/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The one file that includes libcap-ng. */
#include "spec-rows.h"

#include <cap-ng.h>
#include <string.h>

int capability_number(const char *name)
{
    /* libcap-ng takes names without the prefix and in any case; the
     * specification wants them as capabilities(7) prints them */
    if (strncmp(name, "CAP_", 4) || strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                           "_0123456789") != strlen(name))
        return -1;
    return capng_name_to_capability(name + 4);
}

const char *capability_name(unsigned int number)
{
    return capng_capability_to_name(number);
}
