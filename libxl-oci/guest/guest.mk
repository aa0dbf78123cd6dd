# SPDX-License-Identifier: MIT
# The guest's init and its initramfs, included by the Makefile.
#
#   GUEST_CC=   compiler of static arm64 programs against musl (default: that
#               of the testbed's sysroot)

GUEST_CC ?= $(shell test/qemu/sysroot 4.20)/cross/musl-cc
INITRAMFS ?= $(O)/guest/initramfs.cpio

GUEST_DIR := libxl-oci/guest
# all but init.c also go into an archive for the tests
GUEST_PARTS := clock.c control.c copy-tree.c find-program.c host-clock.c \
	in-root.c ops-container.c ops-guest.c ops-hook.c ops-process.c ops.c \
	reader.c relay.c report.c start.c supervise.c text.c xenbus.c
GUEST_SRCS := $(addprefix $(GUEST_DIR)/,init.c $(GUEST_PARTS))
GUEST_MAX_BYTES := 100000

# -z: else each segment of the few kilobytes begins on its own 64 KiB
$(O)/guest/init: $(GUEST_SRCS) $(wildcard $(GUEST_DIR)/*.h) \
		$(GUEST_DIR)/guest.mk
	@mkdir -p $(@D)
	$(if $(Q),@echo "  GUESTCC $@")
	$(Q)$(GUEST_CC) -std=gnu11 $(WARNINGS) -D_GNU_SOURCE -Os -static \
		-fno-asynchronous-unwind-tables -fno-unwind-tables \
		-ffunction-sections -fdata-sections -fno-pie -no-pie \
		-fstack-protector-strong -Wl,--gc-sections \
		-Wl,-z,max-page-size=4096,-z,noseparate-code -s -o $@ $(GUEST_SRCS)
	$(Q)[ $$(stat -c %s $@) -le $(GUEST_MAX_BYTES) ] || { \
		echo "$@: more than $(GUEST_MAX_BYTES) bytes" >&2; \
		rm $@; exit 1; }

$(O)/guest/initramfs.cpio: $(O)/guest/init $(O)/test/tools/cpio-pack
	$(if $(Q),@echo "  CPIO    $@")
	$(Q)$(O)/test/tools/cpio-pack $@ dir dev 0755 dir proc 0755 \
		dir sys 0755 node dev/console 0600 5 1 file init 0755 $<

# for the unit tests, natively; they are listed in the Makefile's UNIT_TESTS
GUEST_LIB := $(O)/guest-native.a
GUEST_UNIT_TESTS := guest-reader guest-run guest-find-program guest-xenbus

$(GUEST_LIB): $(call obj,$(addprefix $(GUEST_DIR)/,$(GUEST_PARTS)))
	$(if $(Q),@echo "  AR      $@")
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(GUEST_UNIT_TESTS:%=$(O)/test/unit/%): $(GUEST_LIB)
$(foreach t,$(GUEST_UNIT_TESTS),$(eval UNIT_LIBS_$(t) := $(GUEST_LIB)))

# the whole of init as a program of this machine, for test/unit/guest-run.c
$(O)/guest-native/init: $(call obj,$(GUEST_DIR)/init.c) $(GUEST_LIB)
	@mkdir -p $(@D)
	$(if $(Q),@echo "  LD      $@")
	$(Q)$(CC) $(if $(SANITIZE),,-static) -o $@ $^ $(SANITIZE_FLAGS)

$(O)/test/unit/guest-run: $(O)/guest-native/init
