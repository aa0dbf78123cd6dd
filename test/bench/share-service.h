/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What answers in place of the product's server, over the product's rings:
 * one of share-diod.c and share-empty.c, linked with share-serve.c and
 * xl-oci/9p/main.c. For figures side by side only; nothing here is confined.
 */
#ifndef TEST_BENCH_SHARE_SERVICE_H
#define TEST_BENCH_SHARE_SERVICE_H

#include "xl-oci/9p/transport.h"

/* 0, or -1 with errno. The directory is SERVE_EXPORT_FD. */
int share_service(uint32_t msize_max, struct p9_service *service);

#endif
