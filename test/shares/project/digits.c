/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "digits.h"

unsigned int digit_sum(unsigned int number)
{
    return number ? number % 10 + digit_sum(number / 10) : 0;
}
