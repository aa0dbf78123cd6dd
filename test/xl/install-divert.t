#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# install-divert with the real dpkg in a root of its own: packages of "Xen's
# tools" are installed, updated and removed around it.
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"

PATH=$PATH:/usr/sbin:/sbin # dpkg wants ldconfig there, even when not root
command -v dpkg-divert >/dev/null || skip_all "no dpkg-divert on this machine"

root=$scratch/root
xl=/usr/lib/xen-4.17/bin/xl
divert=$scratch/xl-divert

compile "$divert" "$top/xl-oci/xl-divert.c" \
    -DLIBEXEC_BIN="\"${xl%/xl}\"" -DXL_STOCK="\"$xl.stock\""
compile "$scratch/other" "$top/xl-oci/xl-divert.c" \
    -DLIBEXEC_BIN='"/usr/libexec/xen/bin"' -DXL_STOCK='"/usr/sbin/xl.stock"'

# package NAME VERSION: whose xl prints the version.
package() {
    local dir=$scratch/$1-$2
    mkdir -p "$dir/DEBIAN" "$dir${xl%/xl}"
    printf '#!/bin/sh\necho %s\n' "$2" >"$dir$xl"
    chmod 755 "$dir$xl"
    printf '%s: %s\n' Package "$1" Version "$2" Architecture all \
        Maintainer 'Nobody <nobody@example.org>' Description test \
        >"$dir/DEBIAN/control"
    dpkg-deb --root-owner-group --build "$dir" "$dir.deb" >/dev/null
}
package xen-utils 1
package xen-utils 2

dpkg_in_root() {
    dpkg --root="$root" --force-not-root --force-bad-path --log=/dev/null "$@" \
        >"$scratch/dpkg.log" 2>&1 || { sed 's/^/# /' "$scratch/dpkg.log"; false; }
}

# fresh_root [dpkg]: a root with xl 1, known to a dpkg of its own or not.
fresh_root() {
    rm -rf "$root"
    mkdir -p "$root${xl%/xl}"
    if [ "${1-}" = dpkg ]; then
        mkdir -p "$root/var/lib/dpkg/info" "$root/var/lib/dpkg/updates"
        : >"$root/var/lib/dpkg/status"
        dpkg_in_root -i "$scratch/xen-utils-1.deb"
    else
        cp "$scratch/xen-utils-1$xl" "$root$xl"
    fi
}

install_divert() {
    run "$top/xl-oci/install-divert" --root "$root" "${1-$divert}" "${2-$xl}"
}
uninstall_divert() {
    install_divert --uninstall
}

# The state of everything that may change, to compare before with after.
snapshot() {
    (cd "$root" && find . -type f -o -type l | sort | xargs sha256sum;
     find . -type f -printf '%m %p\n' | sort)
}

# is_diverted VERSION: xl is ours, and the stock xl of this version is aside.
is_diverted() {
    cmp -s "$divert" "$root$xl" && test -x "$root$xl" &&
        test "$("$root$xl.stock")" = "$1"
}
# is_stock VERSION: nothing of ours is left.
is_stock() {
    test "$("$root$xl")" = "$1" && test ! -e "$root$xl.stock" &&
        test "$(ls "$root${xl%/xl}")" = xl &&
        { [ ! -d "$root/var/lib/dpkg" ] ||
          [ -z "$(dpkg-divert --root "$root" --list)" ]; }
}

# works VERSION: whatever xl is now, it leads to the stock xl of this version.
works() {
    is_diverted "$1" || test "$("$root$xl")" = "$1"
}

# failing STEP COMMAND...: runs it with this program failing (dpkg-divert: when
# it has something to change).
failing() {
    rm -rf "$scratch/failing"
    mkdir "$scratch/failing"
    cat >"$scratch/failing/$1" <<END
#!/bin/sh
case "$1 \$*" in
"dpkg-divert "*--listpackage* | "dpkg-divert "*--truename*)
    exec $(command -v "$1") "\$@" ;;
esac
exit 1
END
    chmod +x "$scratch/failing/$1"
    PATH=$scratch/failing:$PATH "${@:2}"
}

for kind in dpkg plain; do
    fresh_root $kind
    uninstall_divert
    is "$kind: uninstall without install: exit status" "$status" 0
    ok "$kind: uninstall without install: nothing changes" is_stock 1
    install_divert
    is "$kind: install: exit status" "$status" 0
    ok "$kind: install: xl-divert is xl, the stock xl is aside" is_diverted 1
    before=$(snapshot)
    install_divert
    is "$kind: install twice: exit status" "$status" 0
    is "$kind: install twice: nothing changes" "$(snapshot)" "$before"
    uninstall_divert
    is "$kind: uninstall: exit status" "$status" 0
    ok "$kind: uninstall: the stock xl is back" is_stock 1
    uninstall_divert
    is "$kind: uninstall twice: exit status" "$status" 0
    ok "$kind: uninstall twice: the stock xl is still there" is_stock 1

    # Interrupted after its first step, before the program was in place.
    fresh_root $kind
    ln "$root$xl" "$root$xl.stock"
    install_divert
    ok "$kind: an interrupted install is completed" is_diverted 1
    uninstall_divert
    ln "$root$xl" "$root$xl.stock"
    uninstall_divert
    ok "$kind: an interrupted install is undone" is_stock 1
    install_divert
    mv "$root$xl.stock" "$root$xl"
    uninstall_divert
    ok "$kind: an interrupted uninstall is completed" is_stock 1
    install_divert
    mv "$root$xl.stock" "$root$xl"
    install_divert
    ok "$kind: install after an interrupted uninstall" is_diverted 1

    # Each step in turn fails, as on a full disk or when killed there.
    for step in ln dpkg-divert install mv rm; do
        fresh_root $kind
        failing $step install_divert
        ok "$kind: install fails at $step: xl works" works 1
        uninstall_divert
        ok "$kind: install fails at $step: undone" is_stock 1
        failing $step install_divert
        install_divert
        ok "$kind: install fails at $step: completed" is_diverted 1
        failing $step uninstall_divert
        ok "$kind: uninstall fails at $step: xl works" works 1
        uninstall_divert
        ok "$kind: uninstall fails at $step: completed" is_stock 1
    done

    # Someone else's files.
    fresh_root $kind
    echo theirs >"$root$xl.stock"
    before=$(snapshot)
    install_divert
    is "$kind: a foreign xl.stock: refused" "$status" 1
    ok "$kind: a foreign xl.stock: said with a remedy" \
        grep -q "xl.stock: exists, .*(remedy: " <<<"$output"
    is "$kind: a foreign xl.stock: nothing changes" "$(snapshot)" "$before"
    uninstall_divert
    is "$kind: a foreign xl.stock: not removed" "$(snapshot)" "$before"

    fresh_root $kind
    rm "$root$xl"
    before=$(snapshot)
    install_divert
    is "$kind: no xl: refused" "$status" 1
    is "$kind: no xl: nothing changes" "$(snapshot)" "$before"

    fresh_root $kind
    mv "$root$xl" "$root$xl.real"
    ln -s xl.real "$root$xl"
    before=$(snapshot)
    install_divert
    is "$kind: xl is a link, as Debian's /usr/sbin/xl: refused" "$status" 1
    is "$kind: xl is a link: nothing changes" "$(snapshot)" "$before"

    fresh_root $kind
    before=$(snapshot)
    install_divert "$scratch/other"
    is "$kind: a program built for another place: refused" "$status" 1
    ok "$kind: a program built for another place: says so" \
        grep -q 'built for another place' <<<"$output"
    install_divert /bin/true
    is "$kind: a program that is not xl-divert: refused" "$status" 1
    is "$kind: neither changes anything" "$(snapshot)" "$before"
done

fresh_root dpkg
install_divert
ok "an update of Xen's tools succeeds" dpkg_in_root -i "$scratch/xen-utils-2.deb"
ok "after an update, the new stock xl is aside" is_diverted 2
install_divert
ok "after an update, install changes nothing" is_diverted 2
uninstall_divert
ok "after an update, uninstall brings the new xl back" is_stock 2

install_divert
ok "Xen's tools can be removed" dpkg_in_root --purge xen-utils
run "$top/xl-oci/install-divert" --root "$root" "$divert" $xl
is "install without Xen's tools: refused" "$status" 1
uninstall_divert
is "uninstall without Xen's tools: exit status" "$status" 0
is "uninstall without Xen's tools: nothing of ours is left" \
    "$(find "$root$xl"* 2>/dev/null; dpkg-divert --root "$root" --list)" ""
ok "Xen's tools can be installed again" \
    dpkg_in_root -i "$scratch/xen-utils-1.deb"
ok "and their xl is xl" is_stock 1

# theirs WHO ARGUMENT...: a diversion that is not ours is respected.
theirs() {
    local who=$1
    shift
    fresh_root dpkg
    dpkg-divert --root "$root" --quiet "$@" --rename --add $xl
    printf '#!/bin/sh\necho theirs\n' >"$root$xl"
    chmod 755 "$root$xl"
    before=$(snapshot)
    install_divert
    is "diverted by $who: install refused" "$status" 1
    ok "diverted by $who: says by whom" \
        grep -q "diverted by .*$who.*(remedy: " <<<"$output"
    uninstall_divert
    is "diverted by $who: uninstall refused" "$status" 1
    is "diverted by $who: nothing changes" "$(snapshot)" "$before"
}
theirs "package xl-wrapper" --package xl-wrapper --divert $xl.distrib
theirs "package xl-wrapper" --package xl-wrapper --divert $xl.stock
theirs "the administrator" --local --divert $xl.distrib

for arguments in "" "one" "$divert relative/xl" "-x $xl" "a b c"; do
    # shellcheck disable=SC2086
    run "$top/xl-oci/install-divert" $arguments
    ok "arguments '${arguments#"$scratch/"}': refused" test "$status" != 0
done
run "$top/xl-oci/install-divert" --root "$scratch/absent" "$divert" $xl
is "a root that does not exist: refused" "$status" 1

finish
