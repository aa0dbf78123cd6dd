/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The set of members that errors were reported about: a hash table of their
 * addresses. */
#include "spec-rows.h"

#include "base/arena.h"

/* Where the member is, or the free slot that it would get. */
static size_t slot_of(const struct spec_faults *f, const void *member)
{
    size_t i = (size_t)(((uint64_t)(uintptr_t)member *
                         UINT64_C(0x9e3779b97f4a7c15)) >> 32);

    for (i &= f->room - 1; f->slots[i] && f->slots[i] != member;
         i = (i + 1) & (f->room - 1))
        ;
    return i;
}

static bool grow(struct reader *r, struct spec_faults *f)
{
    struct spec_faults larger = {
        .room = f->room ? 2 * f->room : 64, .count = f->count,
    };
    size_t i;

    larger.slots = spec_alloc(r, larger.room, sizeof(*larger.slots));
    if (!larger.slots)
        return false;
    for (i = 0; i < f->room; i++)
        if (f->slots[i])
            larger.slots[slot_of(&larger, f->slots[i])] = f->slots[i];
    *f = larger;
    return true;
}

void spec_mark_faulty(struct reader *r, const void *member)
{
    struct spec_faults *f = &r->spec->faults;
    size_t slot;

    if (2 * (f->count + 1) > f->room && !grow(r, f))
        return;
    slot = slot_of(f, member);
    f->count += !f->slots[slot];
    f->slots[slot] = member;
}

bool spec_is_faulty(const struct spec *spec, const void *member)
{
    const struct spec_faults *f = &spec->faults;

    return f->count && f->slots[slot_of(f, member)];
}
