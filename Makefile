# SPDX-License-Identifier: LGPL-2.1-or-later
# xl-oci: one makefile for everything. `make help` lists the targets.
#
#   O=DIR              where to build (default: build)
#   V=1                show the commands
#   CROSS_COMPILE=     e.g. aarch64-linux-gnu-
#   SYSROOT=           root of the target's headers and libraries
#   SANITIZE=          e.g. address,undefined
#   XEN_VERSION=       4.17 or 4.20 (default: that of the installed libxl)
#   DESTDIR= PREFIX=   for `make install`
#   JOBS=N             how many tests and compilers go at once in `make check`
#   CC CFLAGS LDFLAGS  yours; the project never changes them

O ?= build
PREFIX ?= /usr
JOBS ?= $(shell nproc)
XEN_VERSIONS := 4.20 4.17
Q := $(if $(V),,@)
SHELL := /bin/bash

ifdef CROSS_COMPILE
CC := $(CROSS_COMPILE)gcc
AR := $(CROSS_COMPILE)ar
endif

CFLAGS ?= -O2 -g
SYSROOT_FLAGS := $(if $(SYSROOT),--sysroot=$(SYSROOT))
SYSROOT_LDFLAGS := $(if $(SYSROOT),-L$(SYSROOT)/usr/lib/aarch64-linux-gnu)
SANITIZE_FLAGS := $(if $(SANITIZE),-fsanitize=$(SANITIZE) \
	-fno-sanitize-recover=all -fno-omit-frame-pointer)
HARDENING := -fstack-protector-strong -fPIE $(if $(SANITIZE),,\
	$(if $(filter -O0,$(CFLAGS)),,-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2))
WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wpointer-arith -Wwrite-strings -Wvla -Wformat=2 -Werror
XEN_VERSION ?= $(shell sed -n \
	's/^Version: *\([0-9]*\.[0-9]*\).*/\1/p' \
	$(SYSROOT)/usr/lib/*/pkgconfig/xenlight.pc 2>/dev/null | head -n 1)

ALL_CFLAGS = -std=gnu11 $(SYSROOT_FLAGS) $(WARNINGS) $(HARDENING) \
	$(SANITIZE_FLAGS) -Ilibxl-oci -I. -D_GNU_SOURCE \
	-DLIBXL_API_VERSION=0x041400 $(BUILT_IN) $(CFLAGS)
ALL_LDFLAGS = $(SYSROOT_FLAGS) $(SYSROOT_LDFLAGS) $(SANITIZE_FLAGS) \
	-pie -Wl,-z,relro,-z,now -Wl,--as-needed $(LDFLAGS)

# --- sources -----------------------------------------------------------------

BASE_SRCS := libxl-oci/base/arena.c libxl-oci/base/bytes.c \
	libxl-oci/base/report.c libxl-oci/base/suggest.c \
	libxl-oci/base/utf8.c

# the library; a line per group, add yours
LIB_SRCS := $(BASE_SRCS) libxl-oci/checks.c \
	libxl-oci/json.c libxl-oci/json-duplicates.c libxl-oci/json-text.c \
	libxl-oci/json-tree.c libxl-oci/capabilities.c \
	libxl-oci/spec.c libxl-oci/spec-accelerator.c \
	libxl-oci/spec-coverage.c \
	libxl-oci/spec-extension.c libxl-oci/spec-faults.c libxl-oci/spec-linux.c \
	libxl-oci/spec-mounts.c libxl-oci/spec-names.c \
	libxl-oci/spec-process.c libxl-oci/spec-read.c \
	libxl-oci/spec-rows.c libxl-oci/spec-side-file.c \
	libxl-oci/cpio.c libxl-oci/cpu-list.c libxl-oci/program.c \
	libxl-oci/seccomp.c libxl-oci/domain-config.c libxl-oci/plan.c \
	libxl-oci/plan-accelerators.c libxl-oci/plan-build.c \
	libxl-oci/plan-cgroup.c libxl-oci/dts.c libxl-oci/plan-items.c \
	libxl-oci/plan-hw-config.c libxl-oci/plan-machine.c \
	libxl-oci/plan-nodes.c \
	libxl-oci/plan-paging.c \
	libxl-oci/plan-container.c libxl-oci/plan-cpus.c \
	libxl-oci/plan-devices.c libxl-oci/plan-domain.c \
	libxl-oci/plan-format.c libxl-oci/plan-json.c libxl-oci/plan-lines.c \
	libxl-oci/plan-guest.c libxl-oci/plan-hooks.c libxl-oci/plan-kernel.c \
	libxl-oci/plan-memory.c libxl-oci/plan-mounts.c \
	libxl-oci/plan-namespaces.c libxl-oci/plan-process.c \
	libxl-oci/plan-rootfs.c libxl-oci/plan-shares.c \
	libxl-oci/plan-sources.c \
	libxl-oci/bundle-file.c libxl-oci/bundle-spec.c libxl-oci/bundle.c \
	libxl-oci/survey.c libxl-oci/survey-share.c

# device trees: on their own with the base and libfdt
DT_SRCS := dt/address.c dt/checks.c dt/clock-rate.c dt/correct.c \
	dt/doctor.c dt/doctor-chosen.c dt/doctor-devices.c dt/doctor-dom0.c \
	dt/doctor-gic.c dt/emit.c dt/find.c \
	dt/flat.c dt/frames.c dt/guest-bridge.c dt/guest-interrupts.c \
	dt/guest-nodes.c dt/guest-tree.c dt/guest-uio.c dt/host-tree.c \
	dt/interrupts.c \
	dt/lines.c dt/merge.c dt/passthrough.c dt/properties.c dt/raw.c \
	dt/select.c dt/stubs.c dt/template.c dt/verify.c \
	dt/layout.c dt/passable.c dt/passable-alone.c dt/passable-dma.c \
	dt/passable-index.c dt/passable-owner.c dt/passable-together.c \
	dt/references.c dt/waivers.c dt/xen-addresses.c dt/xen-lines.c \
	dt/xen-view.c
LIB_SRCS += $(DT_SRCS)

LIB_LIBS := -lyajl -lcap-ng -lseccomp -lfdt
LIBXL_LIBS := -lxenlight -lxlutil -lxentoollog -lxenstore -lxenctrl

# the commands, all but the mains, as an archive so that tests link them too;
# a line per group, add yours
XL_OCI_SRCS := xl-oci/files.c xl-oci/run-directory.c xl-oci/record.c \
	xl-oci/settings.c xl-oci/dom0-drivers.c xl-oci/host-facts.c \
	xl-oci/host-tree.c xl-oci/load.c \
	xl-oci/names.c xl-oci/guest-exit.c xl-oci/console-log.c \
	xl-oci/program-path.c xl-oci/xenstore-probe.c xl-oci/domain-find.c \
	xl-oci/domain-ask.c xl-oci/domain.c xl-oci/xl-conf.c \
	xl-oci/xl-conf-cpus.c \
	xl-oci/log-capture.c xl-oci/toolstack.c xl-oci/toolstack-create.c \
	xl-oci/hooks.c xl-oci/monitor-message.c xl-oci/monitor-spawn.c \
	xl-oci/monitor-start.c xl-oci/monitor-client.c \
	xl-oci/monitor-console.c xl-oci/monitor-domain.c \
	xl-oci/monitor-shares.c xl-oci/share-backend.c \
	xl-oci/share-failure.c xl-oci/share-holders.c xl-oci/share-nodes.c \
	xl-oci/9p/frontend.c \
	xl-oci/claim.c xl-oci/claim-file.c xl-oci/holders.c xl-oci/ledger.c \
	xl-oci/ledger-domains.c \
	xl-oci/reap.c xl-oci/recover.c xl-oci/cmd-reap.c xl-oci/create.c \
	xl-oci/create-files.c xl-oci/console-client.c xl-oci/cmd-create.c \
	xl-oci/options.c xl-oci/print-report.c \
	xl-oci/commands.c xl-oci/cmd-explain.c xl-oci/cmd-coverage.c \
	xl-oci/cmd-check.c xl-oci/cmd-plan.c xl-oci/cmd-list.c \
	xl-oci/cmd-state.c xl-oci/cmd-logs.c xl-oci/cmd-kill.c \
	xl-oci/cmd-delete.c xl-oci/cmd-devices.c xl-oci/devices-doctor.c \
	xl-oci/devices-list.c \
	xl-oci/devices-plan.c xl-oci/devices-draw.c \
	xl-oci/devices-draw-items.c xl-oci/draw-layout.c xl-oci/draw-svg.c \
	xl-oci/draw-text.c xl-oci/cmd-generate.c \
	xl-oci/state.c xl-oci/signals.c \
	xl-oci/tree-digest.c xl-oci/erofs-writer.c xl-oci/erofs-finish.c \
	xl-oci/image.c xl-oci/image-cache.c \
	xl-oci/image-copy.c xl-oci/image-make.c xl-oci/image-tool.c \
	xl-oci/image-trim.c \
	xl-oci/block-loop.c xl-oci/block-orphans.c xl-oci/disk-nodes.c \
	xl-oci/xenstore-wire.c

# the 9P2000.L server and its jail
XL_OCI_SRCS += xl-oci/9p/ring.c xl-oci/9p/poll.c
P9_SRCS := $(addprefix xl-oci/9p/,attributes.c budget.c data.c fid.c \
	inode.c jail.c jail-calls.c lock.c message.c names.c open.c \
	server.c walk.c xattr.c)
XL_OCI_SRCS += $(P9_SRCS)

# programs: xl-oci/<main>.c each
PROGRAM_xl-oci := xl-oci/main.c
PROGRAM_xl-oci-monitor := xl-oci/monitor-main.c
PROGRAM_xl-oci-block := xl-oci/block-script.c
PROGRAM_xl-oci-9pfs := xl-oci/9p/main.c xl-oci/9p/serve.c \
	xl-oci/9p/transport.c
PROGRAMS := $(foreach p,xl-oci xl-oci-monitor xl-oci-block xl-oci-9pfs,\
	$(if $(wildcard $(PROGRAM_$(p))),$(p)))
# what each is linked with beyond the archives
LIBS_xl-oci := $(LIB_LIBS) $(LIBXL_LIBS) -lnettle
LIBS_xl-oci-monitor := -lxenstore -lxenctrl
LIBS_xl-oci-block :=
LIBS_xl-oci-9pfs := -lxenstore -lxenctrl -lxengnttab -lxenevtchn -lseccomp \
	-lcap-ng
# run at every start and stop: no dynamic linking
LDFLAGS_xl-oci-block := $(if $(SANITIZE),,-static-pie)

# the unit tests: test/unit/NAME.c, each a program linked with the library
# (UNIT_LIBS_NAME, UNIT_LDFLAGS_NAME add to its link)
UNIT_TESTS := base-test json-test schema-test spec-test spec-memory-test \
	bad-test bundle-test ledger-test options-test signals-test \
	run-directory-test run-memory-test hooks-test toolstack-test \
	guest-reader guest-run guest-find-program guest-xenbus \
	plan-test plan-many-test plan-property-test all-problems-test \
	plan-memory-test refused-test seccomp-test program-test \
	erofs-test image-test image-memory-test \
	dt-test dt-plan-test dt-hw-config-test dt-stages-test \
	plan-machine-test draw-test doctor-test \
	p9-message-test p9-server-test p9-files-test \
	p9-directories-test p9-mounts-test p9-shared-test p9-hostile-test \
	p9-model-test p9-jail-test p9-jail-limits-test p9-ring-test \
	p9-poll-test p9-budget-test serve-test transport-test \
	shares-test share-backend-test share-holders-test create-files-test
# what is of a program alone
UNIT_OBJS_serve-test := $(O)/obj/xl-oci/9p/serve.o
UNIT_OBJS_transport-test := $(O)/obj/xl-oci/9p/transport.o
UNIT_LIBS_image-test := -lnettle
UNIT_LIBS_image-memory-test := -lnettle
# test/cli/NAME-nodes.t runs them, beside a xenstored
NODES_TESTS := share-nodes-test disk-nodes-test
UNIT_LIBS_share-nodes-test := $(LIBXL_LIBS)
UNIT_LIBS_disk-nodes-test := $(LIBXL_LIBS)
UNIT_LIBS_erofs-test := -lnettle
UNIT_LIBS_ledger-test := $(LIBXL_LIBS) -lnettle
UNIT_LIBS_run-memory-test := $(LIBXL_LIBS) -lnettle
UNIT_LIBS_share-backend-test := $(LIBXL_LIBS)
UNIT_LIBS_share-holders-test := $(LIBXL_LIBS) -lnettle
UNIT_LIBS_toolstack-test := $(LIBXL_LIBS)
UNIT_LIBS_create-files-test := $(LIBXL_LIBS) -lnettle
UNIT_LIBS_plan-memory-test := $(LIBXL_LIBS)
comma := ,
# makes the n-th allocation fail (test/unit/fail-alloc.h)
FAIL_ALLOC_LDFLAGS := $(patsubst %,-Wl$(comma)--wrap=%,malloc calloc realloc \
	reallocarray strdup strndup fdopendir tsearch \
	arena_alloc arena_calloc arena_memdup arena_strdup arena_vprintf)
UNIT_LDFLAGS_spec-memory-test := $(FAIL_ALLOC_LDFLAGS)
UNIT_LDFLAGS_plan-memory-test := $(FAIL_ALLOC_LDFLAGS)
UNIT_LDFLAGS_erofs-test := $(FAIL_ALLOC_LDFLAGS)
# and no Xen to ask what domains hold
UNIT_LDFLAGS_run-memory-test := $(FAIL_ALLOC_LDFLAGS) -Wl,--wrap=ledger_domains
UNIT_LDFLAGS_ledger-test := -Wl,--wrap=ledger_domains,--wrap=claim_file_read
UNIT_LDFLAGS_image-memory-test := $(FAIL_ALLOC_LDFLAGS)
UNIT_LDFLAGS_hooks-test := -Wl,--wrap=pidfd_open
UNIT_LDFLAGS_dt-test := $(FAIL_ALLOC_LDFLAGS)
UNIT_LDFLAGS_doctor-test := $(FAIL_ALLOC_LDFLAGS)
UNIT_LDFLAGS_dt-plan-test := $(FAIL_ALLOC_LDFLAGS)
UNIT_LDFLAGS_draw-test := $(FAIL_ALLOC_LDFLAGS)

# --- rules -------------------------------------------------------------------

LIB := $(O)/libxl-oci.a
XL_OCI_LIB := $(O)/xl-oci.a
BIN := $(O)/bin
UNIT_BINS := $(UNIT_TESTS:%=$(O)/test/unit/%)
obj = $(patsubst %.c,$(O)/obj/%.o,$(1))

all: $(LIB) $(XL_OCI_LIB) $(PROGRAMS:%=$(BIN)/%) ## build all for this machine (or CROSS_COMPILE)

$(O)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(if $(Q),@echo "  CC      $<")
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# What is given to make and compiled in: no other source sees it, and these are
# compiled anew when it is another, which is when the stamp is written.
BUILT_IN_SRCS := xl-oci/settings.c xl-oci/host-facts.c xl-oci/main.c \
	test/golden/golden.c
$(call obj,$(BUILT_IN_SRCS)): BUILT_IN = -DXL_OCI_PREFIX='"$(PREFIX)"' \
	-DXEN_VERSION='"$(XEN_VERSION)"'
$(call obj,$(BUILT_IN_SRCS)): $(O)/obj/built-in

$(O)/obj/built-in: FORCE
	@mkdir -p $(@D)
	@now='$(PREFIX) $(XEN_VERSION)'; [ "$$now" = "$$(cat $@ 2>&1)" ] || \
		echo "$$now" >$@

$(LIB): $(call obj,$(LIB_SRCS))
	$(if $(Q),@echo "  AR      $@")
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(XL_OCI_LIB): $(call obj,$(XL_OCI_SRCS))
	@mkdir -p $(@D)
	$(if $(Q),@echo "  AR      $@")
	$(Q)rm -f $@ && $(AR) rcs $@ $^

define program_rule
$(BIN)/$(1): $(call obj,$(PROGRAM_$(1))) $(XL_OCI_LIB) $(LIB)
	@mkdir -p $$(@D)
	$(if $(Q),@echo "  LD      $$@")
	$(Q)$$(CC) -o $$@ $$(call obj,$(PROGRAM_$(1))) $(XL_OCI_LIB) $(LIB) \
		$$(ALL_LDFLAGS) $$(LDFLAGS_$(1)) $$(LIBS_$(1))
endef
$(foreach p,$(PROGRAMS),$(eval $(call program_rule,$(p))))

$(O)/test/unit/%: $(O)/obj/test/unit/%.o $(XL_OCI_LIB) $(LIB)
	@mkdir -p $(@D)
	$(if $(Q),@echo "  LD      $@")
	$(Q)$(CC) -o $@ $< $(UNIT_OBJS_$*) $(UNIT_LDFLAGS_$*) \
		$(XL_OCI_LIB) $(LIB) $(ALL_LDFLAGS) $(LIB_LIBS) $(UNIT_LIBS_$*)
$(O)/test/unit/serve-test: $(UNIT_OBJS_serve-test)
$(O)/test/unit/transport-test: $(UNIT_OBJS_transport-test)

# what test/bench/native-* measure
NATIVE_BENCHES := devices-time image-provide p9-requests plan-time
$(O)/test/bench/%: $(O)/obj/test/bench/%.o $(XL_OCI_LIB) $(LIB)
	@mkdir -p $(@D)
	$(Q)$(CC) -o $@ $< $(XL_OCI_LIB) $(LIB) $(ALL_LDFLAGS) $(LIB_LIBS) \
		$(LIBXL_LIBS) -lnettle

# the rings of xl-oci-9pfs with other servers behind them
SHARE_BENCHES := share-diod share-empty
share-benches: $(SHARE_BENCHES:%=$(O)/test/bench/%)
$(SHARE_BENCHES:%=$(O)/test/bench/%): $(O)/test/bench/%: \
		$(O)/obj/test/bench/%.o $(call obj,test/bench/share-serve.c \
		xl-oci/9p/main.c xl-oci/9p/transport.c) $(XL_OCI_LIB) $(LIB)
	@mkdir -p $(@D)
	$(Q)$(CC) -o $@ $^ $(ALL_LDFLAGS) $(LIBS_xl-oci-9pfs)

# plans of whole trees, for test/dt/corpus.t
$(O)/test/dt/%: $(O)/obj/test/dt/%.o $(XL_OCI_LIB) $(LIB)
	@mkdir -p $(@D)
	$(if $(Q),@echo "  LD      $@")
	$(Q)$(CC) -o $@ $< $(XL_OCI_LIB) $(LIB) $(ALL_LDFLAGS) $(LIB_LIBS)

# tools of the build itself: always for the building machine
HOSTCC ?= gcc
$(O)/test/tools/cpio-pack: test/tools/cpio-pack.c libxl-oci/cpio.c \
		libxl-oci/base/bytes.c libxl-oci/base/utf8.c
	@mkdir -p $(@D)
	$(if $(Q),@echo "  HOSTCC  $@")
	$(Q)$(HOSTCC) -std=gnu11 -O2 $(WARNINGS) -D_GNU_SOURCE -Ilibxl-oci \
		-o $@ $^

# golden tests: what a bundle becomes, with the guest's own reader of programs
GOLDEN := $(O)/test/golden/golden
$(GOLDEN): $(call obj,test/golden/golden.c libxl-oci/guest/reader.c) $(LIB)
	@mkdir -p $(@D)
	$(if $(Q),@echo "  LD      $@")
	$(Q)$(CC) -o $@ $(call obj,test/golden/golden.c \
		libxl-oci/guest/reader.c) $(LIB) $(ALL_LDFLAGS) $(LIB_LIBS) \
		$(LIBXL_LIBS)

check-golden: $(GOLDEN) ## bundles against what they became when accepted
	prove --exec '' test/golden/run :: $(GOLDEN)

check-golden-arm64: $(XEN_VERSIONS:%=check-golden-%) ## the same for arm64, with libxl of Xen 4.17 and of 4.20
$(XEN_VERSIONS:%=check-golden-%): check-golden-%:
	prove --exec '' test/golden/run-arm64 :: $*
	prove --exec '' test/golden/xl-agrees :: $*

# --- tests -------------------------------------------------------------------

# the OCI schema, of a Debian package; with OCI_SCHEMA_DIR set, its walk is
# never skipped
export OCI_SCHEMA_DIR := build/cache/oci-schema
SCHEMA := $(OCI_SCHEMA_DIR)/config-schema.json
$(SCHEMA): test/schema/get-schema
	$(Q)test/schema/get-schema $(@D) && touch $@

check-unit: $(UNIT_BINS) $(SCHEMA) ## unit tests, without root or Xen
	prove --exec '' --jobs $(JOBS) $(UNIT_BINS)

# --- guest: what runs inside the domain --------------------------------------

# KERNEL= and INITRAMFS= bring ready files instead
KERNEL ?= $(O)/guest/kernel
-include libxl-oci/guest/guest.mk

# by all processors, whatever -j this make has
$(O)/guest/kernel: libxl-oci/guest/build-kernel libxl-oci/guest/kernel.config \
		$(wildcard libxl-oci/guest/kernel-patches/*.patch)
	@mkdir -p $(@D)
	$(Q)kernel=$$(unset MAKEFLAGS MFLAGS; libxl-oci/guest/build-kernel) && \
		cp "$$kernel" $@

guest: $(KERNEL) $(INITRAMFS) ## the guest's kernel and initramfs

# --- install -----------------------------------------------------------------

LIBEXEC_BIN ?= /usr/lib/xen-$(XEN_VERSION)/bin
SHARE = $(PREFIX)/lib/xl-oci
# all but those that only programs call
COMMANDS = $(filter-out oci-generate oci-reap,$(shell sed -n \
	's/^ *\.name = "\(oci-[a-z]*\)",.*/\1/p' $(wildcard xl-oci/cmd-*.c)))
MAN = $(DESTDIR)$(PREFIX)/share/man
MAN_PAGES := xl-oci.1 xl-oci-bundle.5 xl-oci.conf.5
# Debian's /usr/sbin/xl: starts the program of the Xen that runs
WRAPPER := /usr/lib/xen-common/bin/xen-utils-wrapper

$(O)/docs/%: docs/%.pod
	@mkdir -p $(@D)
	$(Q)pod2man --utf8 --section=$(patsubst .%,%,$(suffix $*)) \
		--name=$(basename $*) --center="Xen" --release="xl-oci" $< $@

man: $(MAN_PAGES:%=$(O)/docs/%)

docs: $(BIN)/xl-oci man ## renew what docs/ has from the program's tables; man pages
	XL_OCI=$< docs/update

install: all guest man ## install below DESTDIR, beside xl of XEN_VERSION
	install -d $(DESTDIR)$(LIBEXEC_BIN) $(DESTDIR)$(PREFIX)/sbin \
		$(DESTDIR)$(SHARE) $(DESTDIR)/etc/xen
	install -m 0755 $(BIN)/xl-oci $(BIN)/xl-oci-monitor \
		$(BIN)/xl-oci-9pfs $(DESTDIR)$(LIBEXEC_BIN)
	for c in $(COMMANDS); do \
		ln -sfn xl-oci $(DESTDIR)$(LIBEXEC_BIN)/xl-$$c || exit 1; done
	if [ -e $(DESTDIR)$(WRAPPER) ]; then target=$(WRAPPER); \
		else target=$(LIBEXEC_BIN)/xl-oci; fi; \
		ln -sfn $$target $(DESTDIR)$(PREFIX)/sbin/xl-oci
	install -m 0755 $(BIN)/xl-oci-block $(DESTDIR)$(SHARE)
	install -m 0644 $(KERNEL) $(DESTDIR)$(SHARE)/kernel
	install -m 0644 $(INITRAMFS) $(DESTDIR)$(SHARE)/initramfs.cpio
	install -d $(MAN)/man1 $(MAN)/man5 $(DESTDIR)/etc/bash_completion.d
	install -m 0644 $(O)/docs/xl-oci.1 $(MAN)/man1
	install -m 0644 $(O)/docs/xl-oci-bundle.5 $(O)/docs/xl-oci.conf.5 \
		$(MAN)/man5
	install -m 0644 docs/xl-oci.bash-completion \
		$(DESTDIR)/etc/bash_completion.d/xl-oci
	[ -e $(DESTDIR)/etc/xen/xl-oci.conf ] || \
		install -m 0644 docs/xl-oci.conf $(DESTDIR)/etc/xen/xl-oci.conf

# A tree for the testbed's Dom0 with Xen 4.20 or 4.17, cross-built.
for_dom0 = s=$$(test/qemu/sysroot $(1)) && $(MAKE) --no-print-directory \
	O=$(O)/arm64-$(1) CC=$$s/cross/cc AR=aarch64-linux-gnu-ar \
	GUEST_CC=$$s/cross/musl-cc XEN_VERSION=$(1) \
	DESTDIR=$(CURDIR)/$(O)/dom0-$(1)
dom0-tree-%:
	+$(Q)$(call for_dom0,$*) install
	$(Q)test/xl/dom0-xl $* $(O)/dom0-$*

# `xl oci-create` beside a stock xl, which is $(XL). The program has the places
# built in, so it is made anew each time.
XL ?= $(LIBEXEC_BIN)/xl

$(BIN)/xl-divert: xl-oci/xl-divert.c FORCE
	@mkdir -p $(@D)
	$(if $(Q),@echo "  LD      $@")
	$(Q)$(CC) $(ALL_CFLAGS) -DLIBEXEC_BIN='"$(LIBEXEC_BIN)"' \
		-DXL_STOCK='"$(XL).stock"' -o $@ $< $(ALL_LDFLAGS)

install-divert: $(BIN)/xl-divert ## let the stock xl have oci-* commands
	xl-oci/install-divert $(if $(DESTDIR),--root $(DESTDIR)) $< $(XL)

uninstall-divert: ## take install-divert back
	xl-oci/install-divert $(if $(DESTDIR),--root $(DESTDIR)) \
		--uninstall $(XL)

FORCE:
.PHONY: install-divert uninstall-divert FORCE

# --- the two commands, and their parts ---------------------------------------

# tests without Xen: TAP programs and scripts
LOCAL_TESTS = $(UNIT_BINS) $(sort $(wildcard test/cli/*.t test/xl/*.t))

host: ## install the Debian packages that building and testing need
	test/qemu/setup-host

demo: host ## run the main job under Xen on QEMU arm64, and show it
	$(MAKE) --no-print-directory dom0-tree-4.20
	test/demo/run

check: host ## set up all that is needed and pass every test
	$(MAKE) --no-print-directory -j$(JOBS) check-build
	$(MAKE) --no-print-directory check-local
	$(MAKE) --no-print-directory check-corpus
	$(MAKE) --no-print-directory check-sanitized
	$(MAKE) --no-print-directory -j$(JOBS) -O fuzz \
		FUZZ_SECONDS=60 FUZZ_RUNS=30000 FUZZ_SEED=1
	$(MAKE) --no-print-directory -j$(JOBS) -O check-golden-arm64
	$(MAKE) --no-print-directory check-boot

# benchmarks are run by `make bench` alone: here they are only built
LOCAL_BUILD = all $(UNIT_BINS) $(NODES_TESTS:%=$(O)/test/unit/%) \
	$(NATIVE_BENCHES:%=$(O)/test/bench/%) share-benches $(SCHEMA)
SANITIZED = O=$(O)/sanitized SANITIZE=address,undefined CFLAGS='-O1 -g'
SANITIZED_BUILD = $(UNIT_TESTS:%=$(O)/sanitized/test/unit/%) \
	$(O)/sanitized/test/dt/plan-all

# for what follows, which then compiles next to nothing; Dom0's one after the
# other, as each may have to fetch packages and build the guest's kernel
check-build: $(LOCAL_BUILD) $(GOLDEN) $(O)/test/dt/plan-all fuzz-programs
	$(MAKE) --no-print-directory $(SANITIZED) $(SANITIZED_BUILD)
	for version in $(XEN_VERSIONS); do \
		$(MAKE) --no-print-directory dom0-tree-$$version || exit 1; done

check-local: $(LOCAL_BUILD) ## every test that needs neither root nor Xen
	O=$(O) prove --exec '' --timer --jobs $(JOBS) $(LOCAL_TESTS)
	$(MAKE) --no-print-directory check-golden

# every CORPUS_STEP-th tree of each kernel: 4 takes half a minute, 1 two
CORPUS_STEP ?= 4
check-sanitized: ## the unit tests, and plans for Debian's trees, under ASan and UBSan
	$(MAKE) --no-print-directory $(SANITIZED) check-unit \
		$(O)/sanitized/test/dt/plan-all
	for release in bookworm trixie; do \
		dir=$$(test/dt/trees $$release) && find "$$dir" -name '*.dtb' | \
		sort | sed -n '0~$(CORPUS_STEP)p' | xargs -n 40 -P $(JOBS) \
		$(O)/sanitized/test/dt/plan-all >/dev/null || exit 1; done

# Xen 4.17: without what no Xen has a part in, see docs/design.md "Tests"
check-boot: ## real containers on real Xen, both versions
	prove --exec '' --timer --verbose $(sort $(wildcard test/boot/*.t))

# of check with fewer moments: this takes six minutes and more
check-kills: ## kill -9 at 102 random moments, on Xen 4.20
	KILL_POINTS=$${KILL_POINTS:-102} test/boot/run 4.20 kills

# not of check: what it shows, every boot of check-boot relies upon
check-testbed: ## the testbed alone, both versions
	prove --exec '' --timer --verbose test/qemu/testbed.t

# nor is this: about 8 minutes of processor time
check-kernel: ## two builds of the guest's kernel have the same bytes
	libxl-oci/guest/build-kernel --again >/dev/null

dom0-shell: host ## a shell in Dom0 of Xen 4.20, with the product installed
	$(MAKE) --no-print-directory dom0-tree-4.20
	test/qemu/dom0-shell --overlay $(O)/dom0-4.20

bench: host ## figures, as ratios taken side by side in one run
	$(MAKE) --no-print-directory all dom0-tree-4.20
	$(Q)$(call for_dom0,4.20) share-benches
	test/bench/run

# any bytes as config.json, as the guest's program, and on a ring, with clang's libFuzzer
FUZZ_SECONDS ?= 600
# -1: as many as there is time for; 0: another seed each time. With both set
# a run can be repeated.
FUZZ_RUNS ?= -1
FUZZ_SEED ?= 0
# yes: twice as many runs, without the help of what the code compares; with an
# O= of its own
FUZZ_FAST ?=
FUZZ_FLAGS := -g $(if $(FUZZ_FAST),-O2,-O1) -std=gnu11 -D_GNU_SOURCE \
	-Ilibxl-oci -I. -fsanitize=fuzzer,address,undefined \
	$(if $(FUZZ_FAST),-fno-sanitize-coverage=trace-cmp) \
	-fno-sanitize-recover=all -Wno-string-plus-int
FUZZ_SRCS_json-fuzz := $(filter-out %/domain-config.c,$(LIB_SRCS))
FUZZ_LIBS_json-fuzz := $(LIB_LIBS)
FUZZ_SEEDS_json-fuzz := test/data/configs test/data/accelerators
FUZZ_SRCS_guest-program := libxl-oci/guest/reader.c
FUZZ_SRCS_dt-fuzz := $(BASE_SRCS) $(DT_SRCS)
FUZZ_LIBS_dt-fuzz := -lfdt
FUZZ_SEEDS_dt-fuzz = $(O)/fuzz/dt-seeds
# the server without its jail, whose filter the sanitizers do not survive
FUZZ_SRCS_p9-fuzz := $(filter-out %/budget.c %/jail.c %/jail-calls.c,$(P9_SRCS))
FUZZ_SRCS_ring-fuzz := xl-oci/9p/ring.c
FUZZ_BYTES := 8192
FUZZ_TARGETS := json-fuzz guest-program dt-fuzz p9-fuzz ring-fuzz

# the examples, and of Debian's trees those that are small
fuzz-dt-fuzz: dt-seeds
dt-seeds:
	@mkdir -p $(O)/fuzz/dt-seeds
	$(Q)dir=$$(test/dt/trees trixie) && find "$$dir" -name '*.dtb' \
		-size -$(FUZZ_BYTES)c -exec cp -t $(O)/fuzz/dt-seeds {} +
	$(Q)for f in test/dt/*.dts; do dtc -q -@ -O dtb \
		-o $(O)/fuzz/dt-seeds/$$(basename $$f .dts) $$f || exit 1; done

fuzz-programs: $(FUZZ_TARGETS:%=$(O)/fuzz/%)

$(O)/fuzz/obj/%.o: %.c
	@mkdir -p $(@D)
	$(if $(Q),@echo "  CLANG   $<")
	$(Q)clang $(FUZZ_FLAGS) -MMD -MP -c -o $@ $<

define fuzz_rule
$(O)/fuzz/$(1): $(patsubst %.c,$(O)/fuzz/obj/%.o,$(FUZZ_SRCS_$(1)) \
		test/fuzz/$(1).c)
	$(if $(Q),@echo "  LD      $$@")
	$(Q)clang $(FUZZ_FLAGS) -o $$@ $$^ $(FUZZ_LIBS_$(1))
endef
$(foreach t,$(FUZZ_TARGETS),$(eval $(call fuzz_rule,$(t))))

fuzz: $(FUZZ_TARGETS:%=fuzz-%) ## fuzz the readers of hostile bytes, FUZZ_SECONDS each

$(FUZZ_TARGETS:%=fuzz-%): fuzz-%: $(O)/fuzz/%
	@mkdir -p $(O)/fuzz/$*.corpus
	$(Q)cd $(O)/fuzz && ./$* -max_total_time=$(FUZZ_SECONDS) \
		-runs=$(FUZZ_RUNS) -seed=$(FUZZ_SEED) \
		-max_len=$(FUZZ_BYTES) -timeout=5 -print_final_stats=1 \
		$*.corpus \
		$(FUZZ_SEEDS_$*:%=$(CURDIR)/%)

# --- the rest ----------------------------------------------------------------

clean: ## remove the build directory
	rm -rf $(O)

help: ## this list
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | \
		sed -E 's/:.*##/\t/' | expand -t 20

check-corpus: all $(O)/test/dt/plan-all ## every tree of Debian's kernel against an independent reader
	O=$(O) prove --exec '' --timer test/dt/corpus.t

.PHONY: all guest install host demo clean help docs man dom0-shell \
	check check-local check-sanitized check-build check-boot check-unit \
	check-corpus check-golden check-golden-arm64 check-kills \
	check-testbed check-kernel \
	bench share-benches fuzz fuzz-programs dt-seeds
.SECONDARY:
-include $(shell find $(O)/obj $(O)/fuzz/obj -name '*.d' 2>/dev/null)
