#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# `make install` with a kernel and an initial ramdisk that are brought: the
# tree has all that is needed and nothing else. And where Debian is fetched
# from when they are not brought: by each form of apt's configuration.
. "$(dirname "$0")/lib.sh"

# what the make that runs this test was told is not for those below
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES GNUMAKEFLAGS DESTDIR PREFIX
tree=$work/tree
# what is built already, for a PREFIX of its own
build=$work/build
mkdir "$build"
cp -a "$top/${O:-build}"/{bin,obj,*.a} "$build/"

# install ARGUMENT...: into $tree, by a user whose files are private
install()
{
    status=0
    (umask 077 && make -s -C "$top" O="$build" install DESTDIR="$tree" \
        KERNEL="$work/the-kernel" INITRAMFS="$work/the-ramdisk" "$@") \
        >"$work/out" 2>"$work/err" </dev/null || status=$?
}

listed()
{
    "$XL_OCI" help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\)  .*/\1/p' |
        grep -vx help
}

# wanted BIN: lines "PATH TYPE MODE TARGET" of all but the directories
wanted()
{
    local name
    printf '/etc/bash_completion.d/xl-oci f 644 \n'
    printf '/etc/xen/xl-oci.conf f 644 \n'
    for name in xl-oci xl-oci-monitor xl-oci-9pfs; do
        printf '%s f 755 \n' "$1/$name"
    done
    for name in $(listed); do
        printf '%s l 777 xl-oci\n' "$1/xl-oci-$name"
    done
    printf '/usr/lib/xl-oci/initramfs.cpio f 644 \n'
    printf '/usr/lib/xl-oci/kernel f 644 \n'
    printf '/usr/lib/xl-oci/xl-oci-block f 755 \n'
    printf '/usr/sbin/xl-oci l 777 %s\n' "${2-$1/xl-oci}"
    for name in man1/xl-oci.1 man5/xl-oci-bundle.5 man5/xl-oci.conf.5; do
        printf '/usr/share/man/%s f 644 \n' "$name"
    done
}

found()
{
    find "$tree" ! -type d -printf '/%P %y %m %l\n' | sort
}

# same NAME: what is found is what was wanted
same()
{
    diff <(sort "$work/wanted") <(found) >"$work/out" 2>&1
    result $? "$1"
}

echo kernel >"$work/the-kernel"
echo ramdisk >"$work/the-ramdisk"
install
exits 0 "installed"
bin=/$(cd "$tree" && echo usr/lib/xen-*/bin)
[ -d "$tree$bin" ]
result $? "beside xl of one Xen ($bin)"
[ "$(listed | wc -l)" -ge 11 ]
result $? "the commands are many"
wanted "$bin" >"$work/wanted"
same "each file and link, its mode, and no other"
find "$tree" -mindepth 1 -type d ! -perm 755 >"$work/out"
is_empty out "who may not write may look"
cmp "$work/the-kernel" "$tree/usr/lib/xl-oci/kernel" &&
    cmp "$work/the-ramdisk" "$tree/usr/lib/xl-oci/initramfs.cpio"
result $? "the files that were brought"
cmp -s "$top/docs/xl-oci.conf" "$tree/etc/xen/xl-oci.conf"
result $? "the configuration file"

# built_for PREFIX PROGRAM: PROGRAM looks for the guest's files there alone
built_for()
{
    [ "$(grep -aoE '/[a-z/]*/lib/xl-oci/kernel' "$2" | sort -u)" = \
        "$1/lib/xl-oci/kernel" ]
}

built_for /usr "$tree$bin/xl-oci"
result $? "the files that it looks for are those"
made=$(stat -c %Y.%i "$build/bin/xl-oci")

for name in $(listed); do
    "$tree$bin/xl-oci-$name" --help 2>&1 | grep -q "^Usage: xl oci-$name "
    result $? "xl-oci-$name is that command"
done

# again, into a tree that is in use, on Debian
echo 'memory_max = "1G"' >"$tree/etc/xen/xl-oci.conf"
wrapper=/usr/lib/xen-common/bin/xen-utils-wrapper
mkdir -p "$tree${wrapper%/*}"
: >"$tree$wrapper"
install
exits 0 "installed again"
[ "$(stat -c %Y.%i "$build/bin/xl-oci")" = "$made" ]
result $? "nothing is built again for it"
grep -q 1G "$tree/etc/xen/xl-oci.conf"
result $? "a configuration file that is there stays"
[ "$(readlink "$tree/usr/sbin/xl-oci")" = "$wrapper" ]
result $? "Debian's wrapper chooses among the releases of Xen"

rm -rf "$tree"
install PREFIX=/opt/xen LIBEXEC_BIN=/opt/xen/libexec
exits 0 "installed elsewhere"
wanted /opt/xen/libexec | sed 's|^/usr/|/opt/xen/|' >"$work/wanted"
same "all of it there"
built_for /opt/xen "$tree/opt/xen/libexec/xl-oci"
result $? "it looks for its files there, though it was built for /usr"
rm -rf "$tree"
install
built_for /usr "$tree$bin/xl-oci"
result $? "and back"

rm -rf "$tree"
install KERNEL="$work/absent"
[ "$status" -ne 0 ] && [ ! -e "$tree" ]
result $? "a kernel that is not there: nothing is installed"

# --- where the guest's parts come from when they are not brought -------------

if ! command -v apt-get >/dev/null; then
    result 0 "the mirror that apt uses # SKIP no apt here"
    finish
fi
apt=$work/apt
mkdir -p "$apt/parts" "$apt/preferences"
cat >"$apt/apt.conf" <<END
Dir::State::lists "$apt/lists";
Dir::Etc::sourcelist "$apt/sources.list";
Dir::Etc::sourceparts "$apt/parts";
END

# index SITE SUITE CODENAME [ORIGIN]: as if it had been read
index()
{
    local file=$apt/lists/${1//\//_}_dists_$2
    mkdir -p "$apt/lists"
    cat >"${file}_InRelease" <<END
Origin: ${4-Debian}
Label: ${4-Debian}
Codename: $3
Components: main
SHA256:
 $(sha256sum </dev/null | cut -c1-64) 0 main/binary-$arch/Packages
END
    : >"${file}_main_binary-${arch}_Packages"
}

# fresh: an apt that has read nothing yet
fresh()
{
    rm -rf "$apt/lists" "$apt/sources.list" "$apt/parts/"*
}

# sites WANTED NAME: what the testbed's scripts take for Debian's
sites()
{
    (export APT_CONFIG=$apt/apt.conf && set -eu &&
     . "$top/test/qemu/lib.sh" && debian_site && debian_security_site) \
        >"$work/out" 2>"$work/err"
    status=$?
    [ "$(tr '\n' ' ' <"$work/out")" = "$1" ]
    result $? "$2"
}

arch=$(dpkg --print-architecture)
fresh
cat >"$apt/parts/debian.sources" <<END
Types: deb deb-src
URIs: http://a.example.org/debian/
Suites: trixie trixie-updates
Components: main non-free-firmware

Types: deb
URIs: http://s.example.org/debian-security
Suites: trixie-security
Components: main
END
sites "" "an index that was never read"
[ "$status" -ne 0 ]
result $? "... is an error"
has err "remedy: apt-get update" "... with its remedy"
index a.example.org/debian trixie trixie
index a.example.org/debian trixie-updates trixie-updates
index s.example.org/debian-security trixie-security trixie-security
both="http://a.example.org/debian http://s.example.org/debian-security "
sites "$both" "Debian 13, deb822"

fresh
cat >"$apt/sources.list" <<END
deb http://v.example.org/vendor stable main
deb [arch=$arch] http://a.example.org/debian stable main contrib
deb http://s.example.org/debian-security stable-security main
END
index v.example.org/vendor stable trixie Vendor
index a.example.org/debian stable trixie
index s.example.org/debian-security stable-security trixie-security
sites "$both" "a line each, by the release's other name, after a vendor's"

cat >>"$apt/sources.list" <<END
deb http://old.example.org/debian bookworm main
deb http://old.example.org/debian bookworm-backports main
END
index old.example.org/debian bookworm bookworm
index old.example.org/debian bookworm-backports bookworm-backports
sites "${both/a.example/old.example}" "bookworm's where there are several"
finish
