# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# What the testbed's scripts share: messages, the cache, and Debian packages
# of another release or architecture through an apt directory of our own.
# Sourced by bash scripts that have set -eu. "$(...)" then fails as they do.

set -o pipefail
shopt -s inherit_errexit

XLOCI_CACHE=${XLOCI_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/xl-oci}
xloci_started_s=$(date +%s)

say() {
    printf '[%4ds] %s\n' "$(($(date +%s) - xloci_started_s))" "$*" >&2
}

die() {
    printf '%s: error: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

need_commands() {
    local command missing=
    for command in "$@"; do
        command -v "$command" >/dev/null || missing="$missing $command"
    done
    [ -z "$missing" ] ||
        die "not found:$missing (remedy: run test/qemu/setup-host as root)"
}

# hash_of FILE-OR-WORD...: one sha256 over the words and, of what is a file's
# absolute path, the contents. No path is part of it: clones share the cache.
hash_of() {
    local item
    for item in "$@"; do
        case $item in
        /*) sha256sum <"$item" ;;
        *) echo "$item" ;;
        esac
    done | sha256sum | cut -c1-16
}

# --- the cache ---------------------------------------------------------------

# product NAME KEY FUNCTION ARGS...: prints the directory of a product. When
# absent it runs FUNCTION ARGS... DIR, which fills the empty directory DIR, and
# then renames it into place: an interrupted build leaves nothing half done.
# Two runs that want the same product build it once.
product() {
    local name=$1 key=$2 dir tmp
    shift 2
    dir=$XLOCI_CACHE/$name-$key
    if [ ! -d "$dir" ]; then
        mkdir -p "$XLOCI_CACHE/lock"
        (
            flock -n 9 || {
                say "$name: another run is building it, waiting"
                flock 9
            }
            [ ! -d "$dir" ] || exit 0
            rm -rf "$XLOCI_CACHE/$name"-*.tmp.*     # of runs that were killed
            tmp=$dir.tmp.$BASHPID
            # shellcheck disable=SC2064
            trap "rm -rf '$tmp'" EXIT
            mkdir "$tmp"
            say "$name: building"
            "$@" "$tmp" 1>&2
            mv -T "$tmp" "$dir"
            say "$name: done"
        ) 9>"$XLOCI_CACHE/lock/$name"
    fi
    printf '%s\n' "$dir"
}

# --- Debian packages of any release and architecture -------------------------

# apt_site [-security]: the site from which this machine takes Debian itself,
# or its security updates: they lie below another root on some mirrors. The
# release does not matter, as a site has them all; bookworm's when there are
# several. Sources that are not Debian's (vendors, language runtimes) lack what
# is fetched here.
apt_site() {
    apt-get indextargets --format \
        '$(CREATED_BY) $(ORIGIN) $(COMPONENT) $(CODENAME) $(SITE)' |
        awk -v end="${1-}" '
            $1 " " $2 " " $3 != "Packages Debian main" { next }
            $4 !~ "^[a-z]+" end "$" { next }
            site == "" || ($4 == "bookworm" end && !found) { site = $5 }
            $4 == "bookworm" end { found = 1 }
            END { print site }'
}

debian_site() {
    local site
    site=$(apt_site)
    [ -n "$site" ] ||
        die "no apt source of this machine serves Debian main" \
            "(remedy: apt-get update; apt-get indextargets must list it)"
    printf '%s\n' "$site"
}

debian_security_site() {
    apt_site -security
}

# private_apt SUITE ARCH COMMAND...: apt-get/apt-cache that knows only SUITE and
# ARCH and whose state is below the cache. The machine's own apt is not touched.
private_apt() {
    local dir=$XLOCI_CACHE/apt/$1-$2 arch=$2 command=$3
    shift 3
    # On the command line, as it wins over the machine's apt.conf.d, which is
    # still read: it may hold a proxy.
    "$command" -q \
        -o Dir::Etc::sourcelist="$dir/sources.list" \
        -o Dir::Etc::sourceparts=/dev/null \
        -o Dir::Etc::preferencesparts=/dev/null \
        -o Dir::Etc::preferences=/dev/null \
        -o Dir::State="$dir/state" \
        -o Dir::State::status="$dir/status" \
        -o Dir::Cache="$dir/cache" \
        -o Dir::Cache::archives="$XLOCI_CACHE/debs" \
        -o Dir::Cache::pkgcache=pkgcache.bin \
        -o Dir::Cache::srcpkgcache=srcpkgcache.bin \
        -o APT::Architecture="$arch" -o APT::Architectures="$arch" \
        -o APT::Install-Recommends=false \
        -o APT::Keep-Downloaded-Packages=true \
        -o APT::Sandbox::User=root \
        -o Acquire::Languages=none \
        -o Acquire::ForceHash=SHA256 \
        -o Acquire::Retries=3 \
        -o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false \
        "$@"
}

write_sources_list() {
    local suite=$1 arch=$2 site security options
    site=$(debian_site)
    security=$(debian_security_site)
    options="[arch=$arch signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]"
    echo "deb $options $site $suite main"
    case $suite in
    *-backports) ;;
    *)
        echo "deb $options $site $suite-updates main"
        [ -z "$security" ] ||
            echo "deb $options $security $suite-security main"
        ;;
    esac
}

# private_apt_ready SUITE ARCH [refresh]: the index is fetched once and renewed
# on request only: a package that changes rebuilds all that is made of it.
private_apt_ready() {
    local dir=$XLOCI_CACHE/apt/$1-$2
    mkdir -p "$dir" "$XLOCI_CACHE/debs/partial"
    (
        flock 8
        [ ! -e "$dir/ready" ] || [ "${3-}" = refresh ] || exit 0
        say "reading Debian's package index of $1 for $2"
        mkdir -p "$dir/state/lists/partial" "$dir/cache"
        : >"$dir/status"
        write_sources_list "$1" "$2" >"$dir/sources.list"
        private_apt "$1" "$2" apt-get update >"$dir/update.log" 2>&1 || {
            cat "$dir/update.log" >&2
            die "apt-get update failed for $1 $2"
        }
        : >"$dir/ready"
    ) 8>"$dir/lock"
}

# resolve_debs SUITE ARCH PACKAGE...: lines "FILE SHA256" of the packages and
# all they depend on, sorted; of the packages alone when debs_alone is set.
# Remembered until the index changes, so a warm run asks apt nothing.
resolve_debs() {
    local suite=$1 arch=$2 dir=$XLOCI_CACHE/apt/$1-$2 memo new
    private_apt_ready "$suite" "$arch"
    memo=$dir/set-$(hash_of "${debs_alone-}" "$@")
    shift 2
    if [ ! "$memo" -nt "$dir/ready" ]; then
        # With an empty directory of archives, as apt leaves out what it has.
        new=$memo.new.$BASHPID
        list_uris "$suite" "$arch" "$@" |
            sed -n "s/^'[^']*' \([^ ]*\) [0-9]* SHA256:\([0-9a-f]*\)$/\1 \2/p" |
            sort >"$new"
        [ -s "$new" ] || {
            rm "$new"
            die "Debian $suite for $arch: cannot resolve: $*"
        }
        mv "$new" "$memo"
    fi
    cat "$memo"
}

list_uris() {
    local suite=$1 arch=$2
    shift 2
    if [ -n "${debs_alone-}" ]; then
        (cd "$XLOCI_CACHE/apt/$suite-$arch" &&
         private_apt "$suite" "$arch" apt-get download --print-uris "$@")
    else
        private_apt "$suite" "$arch" apt-get install -y --print-uris \
            -o Dir::Cache::archives="$XLOCI_CACHE/apt/$suite-$arch/none" "$@"
    fi
}

# fetch_debs SUITE ARCH PACKAGE...: the same set, downloaded and compared with
# its hashes; prints the paths of the .deb files. When the mirror has replaced
# a package meanwhile, the index is read again, once.
fetch_debs() {
    local suite=$1 arch=$2 list
    list=$(resolve_debs "$@")
    if ! have_debs "$list"; then
        if ! download_debs "$@" || ! have_debs "$list"; then
            private_apt_ready "$suite" "$arch" refresh
            list=$(resolve_debs "$@")
            download_debs "$@" && have_debs "$list" ||
                die "cannot download packages of Debian $suite for $arch"
        fi
    fi
    sed "s|^\([^ ]*\) .*|$XLOCI_CACHE/debs/\1|" <<<"$list"
}

# have_debs LIST: apt writes "%3a" in file names on disk and in --print-uris.
have_debs() {
    sed "s|^\([^ ]*\) \(.*\)|\2  $XLOCI_CACHE/debs/\1|" <<<"$1" |
        sha256sum --check --status 2>/dev/null
}

download_debs() {
    local suite=$1 arch=$2 log=$XLOCI_CACHE/debs/download.$BASHPID.log rc=0
    shift 2
    say "downloading packages of Debian $suite for $arch"
    (
        flock 7
        if [ -n "${debs_alone-}" ]; then
            cd "$XLOCI_CACHE/debs" &&
                private_apt "$suite" "$arch" apt-get download "$@"
        else
            private_apt "$suite" "$arch" apt-get install -y --download-only "$@"
        fi
    ) >"$log" 2>&1 7>"$XLOCI_CACHE/debs/lock.xloci" || rc=$?
    [ $rc = 0 ] || tail -n 5 "$log" >&2
    rm -f "$log"
    return $rc
}

# unpack_debs DIR DEB...: a tree of the packages' files; no maintainer script
# runs, so neither root nor an arm64 processor is needed.
unpack_debs() {
    local dir=$1 deb
    shift
    # A merged /usr from the start, as Debian's packages expect it since 12.
    mkdir -p "$dir/usr/bin" "$dir/usr/sbin" "$dir/usr/lib"
    ln -sfn usr/bin "$dir/bin"
    ln -sfn usr/sbin "$dir/sbin"
    ln -sfn usr/lib "$dir/lib"
    for deb in "$@"; do
        # tar, not dpkg -x: that would replace the links by directories.
        dpkg-deb --fsys-tarfile "$deb" |
            tar -C "$dir" --keep-directory-symlink --no-same-owner -xf -
    done
}

# The Debian release whose Xen has this version.
xen_suite() {
    case $1 in
    4.20) echo trixie ;;
    4.17) echo bookworm ;;
    *) die "Xen $1: not one of 4.20, 4.17" ;;
    esac
}
