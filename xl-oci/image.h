/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Images: disk images built from directories, without mounting or touching
 * the directory, and cached by content.
 */
#ifndef XL_OCI_IMAGE_H
#define XL_OCI_IMAGE_H

#include <stdint.h>

struct arena;
struct plan_disk;
struct plan_image;
struct report;

/*
 * The image of the directory source_fd (O_PATH ok) in image->format: found in
 * cache_dir or built there (erofs by us, ext4 by mke2fs) and published by
 * rename, not waiting for the disk (image_settle()). Two builders of one image
 * do not disturb each other; a corrupt or partial cache entry is never used.
 * *path: absolute, in arena, set on success. *held_fd: open descriptor holding
 * a shared lock on the entry, so that no cleaning removes it; the caller closes
 * it when the domain is gone (the monitor inherits it).
 * Returns 0, or -1 with errors in report and nothing left behind.
 */
int image_provide(struct arena *arena, const char *cache_dir,
                  const struct plan_image *image, int source_fd,
                  const char **path, int *held_fd, struct report *report);

/*
 * Waits until the image at path is on the disk, so that it is found after a
 * loss of power; until then it is used in this boot of the machine only, and
 * made again in the next. held_fd, path: image_provide()'s. Time well spent
 * while the guest starts. Returns 0, or -1 with an error; then the disk has
 * failed, and the entry is gone.
 */
int image_settle(const char *path, int held_fd, struct report *report);

/*
 * A private, writable copy of a cached image (reflink or sparse copy) on
 * cache_dir's file system: the run directory is Dom0's memory. The file has
 * no name, so it goes with its last user, however that ends: *fd, for the
 * caller to close once the disk is attached, then the disk's loop device.
 * *path: in arena, names the file while this process has *fd.
 */
int image_copy(struct arena *arena, const char *cache_dir,
               const char *image_path, const char **path, int *fd,
               struct report *report);

/* --persist: the ext4 image file at disk->path, made when missing (sparse,
 * IMAGE_PERSIST_BYTES); an existing one must be an ext4 image or block
 * device. */
#define IMAGE_PERSIST_BYTES (1ull << 30)
int image_persist(struct arena *arena, const struct plan_disk *disk,
                  struct report *report);

/* Removes cache entries that nobody holds, oldest first, until the cache is
 * at most max_bytes. Returns the bytes freed, or -1 with errors. */
int64_t image_cache_trim(const char *cache_dir, uint64_t max_bytes,
                         struct report *report);

#endif
