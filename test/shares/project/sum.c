/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "digits.h"

int main(void)
{
    printf("%u\n", digit_sum(987654321));
    return 0;
}
