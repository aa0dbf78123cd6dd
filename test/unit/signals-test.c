/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Signals by name and number, as Linux on arm64 counts them. */
#include "tap.h"

#include "xl-oci/signals.h"

int main(void)
{
    is_int(signal_from_text("TERM"), 15, "TERM");
    is_int(signal_from_text("SIGTERM"), 15, "SIGTERM");
    is_int(signal_from_text("sigkill"), 9, "sigkill");
    is_int(signal_from_text("usr1"), 10, "usr1: 10, not 30");
    is_int(signal_from_text("STKFLT"), 16, "STKFLT");
    is_int(signal_from_text("SYS"), 31, "SYS");
    is_int(signal_from_text("POLL"), 29, "POLL is IO");
    is_int(signal_from_text("RTMIN"), 34, "RTMIN");
    is_int(signal_from_text("SIGRTMIN+3"), 37, "SIGRTMIN+3");
    is_int(signal_from_text("RTMAX-1"), 63, "RTMAX-1");
    is_int(signal_from_text("RTMIN+30"), 64, "RTMIN+30 is the last");
    is_int(signal_from_text("RTMIN+31"), -1, "RTMIN+31");
    is_int(signal_from_text("RTMIN-1"), -1, "RTMIN-1");
    is_int(signal_from_text("RTMAX+"), -1, "RTMAX+");
    is_int(signal_from_text("1"), 1, "1");
    is_int(signal_from_text("64"), 64, "64");
    is_int(signal_from_text("0"), -1, "0");
    is_int(signal_from_text("65"), -1, "65");
    is_int(signal_from_text("4294967305"), -1, "2^32 + 9");
    is_int(signal_from_text("-9"), -1, "-9");
    is_int(signal_from_text("9 "), -1, "a space after it");
    is_int(signal_from_text("SIG9"), -1, "SIG9");
    is_int(signal_from_text("SIG"), -1, "SIG alone");
    is_int(signal_from_text(""), -1, "nothing");
    is_str(signal_name(9), "KILL", "name of 9");
    is_str(signal_name(29), "IO", "name of 29");
    is_str(signal_name(50), NULL, "no name of 50");
    is_str(signal_suggest("TREM"), "TERM", "near TERM");
    is_str(signal_suggest("SIGKLIL"), "KILL", "near KILL, with SIG");
    is_str(signal_suggest("frobnicate"), NULL, "near nothing");
    return done_testing();
}
