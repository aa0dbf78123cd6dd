#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The documentation: every JSON example passes oci-check, what is generated is
# up to date, the pages parse, and what they name exists.
. "$(dirname "$0")/lib.sh"

# Indented blocks that begin with "{" on a line of its own, each merged into a
# minimal configuration, to $work/example-N/config.json.
extract()
{
    perl -MJSON::PP -e '
        my ($work, $file, $n) = @ARGV;
        open my $in, "<", $file or die "$file: $!";
        my @blocks; my $block;
        while (<$in>) {
            if (!defined $block && /^    \{$/) { $block = "" }
            next unless defined $block;
            $block .= $_;
            if (/^    \}$/) { push @blocks, $block; undef $block }
        }
        die "$file: an example without end\n" if defined $block;
        for my $text (@blocks) {
            my $base = {
                ociVersion => "1.2.0",
                process => { cwd => "/", args => ["/bin/true"] },
                root => { path => "rootfs" },
            };
            my $example = decode_json($text);
            $base->{$_} = $example->{$_} for keys %$example;
            mkdir "$work/example-$n";
            mkdir "$work/example-$n/rootfs";
            my $side = delete $base->{accelerators};
            if ($side) {
                open my $out, ">", "$work/example-$n/accelerators.json";
                print $out JSON::PP->new->encode({accelerators => $side});
                close $out;
            }
            open my $out, ">", "$work/example-$n/config.json" or die $!;
            print $out JSON::PP->new->pretty->canonical->encode($base);
            close $out;
            $n++;
        }
        print $n;
    ' "$work" "$1" "$2" 2>"$work/err"
}

n=0
for file in README docs/xl-oci-bundle.5.pod; do
    before=$n
    n=$(extract "$top/$file" "$n")
    [ "${n:-0}" -gt "$before" ]
    result $? "$file has examples"
    n=${n:-$before}
done
[ "$n" -ge 6 ]
result $? "$n examples"
dtc -q -@ -O dtb -o "$work/host.dtb" "$top/test/golden/devices/host.dts"
echo "host_dtb = \"$work/host.dtb\"" >"$XL_OCI_CONF"
for ((i = 0; i < n; i++)); do
    run check "$work/example-$i"
    exits 0 "example $((i + 1)) is a good bundle"
done

for page in "$top"/docs/*.pod; do
    podchecker "$page" >"$work/out" 2>"$work/err"
    result $? "podchecker $(basename "$page")"
done
XL_OCI=$XL_OCI "$top/docs/update" --check >"$work/out" 2>"$work/err"
result $? "docs/update has nothing to renew"

# the keys of xl-oci.conf(5) are those of settings.c, no more and no less
sed -n 's/^=item B<\([a-z_]*\)=.*/\1/p' "$top/docs/xl-oci.conf.5.pod" |
    sort >"$work/out"
sed -n 's/^    { "\([a-z_]*\)", .*offsetof(struct settings.*/\1/p' \
    "$top/xl-oci/settings.c" | sort >"$work/keys"
[ -s "$work/keys" ] && cmp -s "$work/out" "$work/keys"
result $? "xl-oci.conf(5) has the keys of settings.c"
sed -n '/^=head1 EXAMPLE/,/^=head1 SEE/s/^    //p' \
    "$top/docs/xl-oci.conf.5.pod" >"$XL_OCI_CONF"
bundle good
run check "$work/good"
exits 0 "its example is accepted"
sed -n 's/^#\([a-z_]* = .*\)/\1/p' "$top/docs/xl-oci.conf" >"$XL_OCI_CONF"
sed 's/ =.*//' "$XL_OCI_CONF" | sort >"$work/out"
cmp -s "$work/out" "$work/keys"
result $? "docs/xl-oci.conf has the keys of settings.c"
run check "$work/good"
exits 0 "what it says is accepted"
cp "$top/docs/xl-oci.conf" "$XL_OCI_CONF"
run check "$work/good"
exits 0 "and so it is as it is installed"

# files that the texts name
for text in README docs/design.md docs/threat-model.md; do
    for name in $(grep -ohE '`?(libxl-oci|xl-oci|docs|test|xen-patches)/[a-z0-9/.-]*[a-z0-9]' \
                  "$top/$text" | tr -d '`' | sort -u); do
        case $name in
        *-) continue ;;
        xen-patches/0001) name=xen-patches/0001-xl-run-external-subcommands.patch ;;
        esac
        [ -e "$top/$name" ] || compgen -G "$top/$name*" >/dev/null
        result $? "$text names $name, which is there"
    done
done
finish
