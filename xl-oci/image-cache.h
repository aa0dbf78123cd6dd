/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The cache directory:
 *   <key>.erofs, <key>.ext4   images, each with a trailer that tells whether
 *                             it is whole, and an mtime that tells whether it
 *                             can be trusted once the machine has been started
 *                             again; held by a shared flock() while used
 *   <fingerprint>.tree        the content digest that a tree had when its
 *                             metadata had that fingerprint
 *   lock                      one byte per fingerprint: who builds it; one
 *                             per key: who publishes it
 * Files are made without a name (O_TMPFILE) and linked in when they are
 * complete, so a builder that dies leaves nothing.
 */
#ifndef XL_OCI_IMAGE_CACHE_H
#define XL_OCI_IMAGE_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tree-digest.h"

#define IMAGE_HEX_BYTES (2 * TREE_DIGEST_BYTES + 1)
#define IMAGE_TRAILER_BYTES 4096

struct image_key {
    unsigned char bytes[TREE_DIGEST_BYTES];
    char hex[IMAGE_HEX_BYTES];
    char name[IMAGE_HEX_BYTES + 8];     /* of the entry */
};

/* The directory's descriptor, made when missing; -1 with errno (EPERM: others
 * may write there). */
int image_cache_open(const char *cache_dir);

/* Of the entry at path, which is named by it. 0, or -1: none is so named. */
int image_key_of(struct image_key *key, const char *path);

/* suffix: "erofs" or "ext4" */
void image_key_make(struct image_key *key, const unsigned char *content,
                    const char *suffix);

/* The entry, checked and with a shared lock; -1 when there is none or it is
 * not whole. */
int image_cache_find(int cache_fd, const struct image_key *key);

/* An open file description that excludes others who build for a tree (its
 * fingerprint) or publish a key (its bytes); close() releases it. *waited:
 * there was somebody. -1 with errno. */
int image_cache_lock(int cache_fd, const unsigned char *digest, bool *waited);

/* A file without a name, open for reading and writing. -1 with errno. */
int image_cache_new_file(int cache_fd);

/*
 * Adds the trailer to the image that fd holds and gives it its name in the
 * cache, where this boot of the machine finds it. Its place and lock are then
 * those of image_cache_find(). 0 or an errno.
 */
int image_cache_publish(int cache_fd, int fd, const struct image_key *key);

/* Waits until the entry's bytes are on the disk, and marks it for later boots.
 * fd: image_cache_find()'s. 0 or an errno. */
int image_cache_settle(int fd, const struct image_key *key);

/* What is remembered of a tree: 0 when content was filled in. */
int image_cache_recall(int cache_fd, const unsigned char *fingerprint,
                       unsigned char *content);
/* Failure to remember costs time, not correctness: it has no result. */
void image_cache_remember(int cache_fd, const unsigned char *fingerprint,
                          const unsigned char *content);

#endif
