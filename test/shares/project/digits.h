/* SPDX-License-Identifier: LGPL-2.1-or-later */
unsigned int digit_sum(unsigned int number);
