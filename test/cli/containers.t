#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# list, state, logs, kill, delete over real run directories of containers that
# have stopped, whose records need no Xen.
. "$(dirname "$0")/lib.sh"

json() # EXPRESSION: of the JSON in $work/out
{
    perl -MJSON::PP -0777 -e '
        my $j = decode_json(<STDIN>);
        my $v = eval shift; die $@ if $@; print defined $v ? $v : "";
    ' "$1" <"$work/out"
}

is() # GOT WANT NAME
{
    [ "$1" = "$2" ]
    result $? "$3 (got \"$1\")"
}

# container NAME KIND NUMBER [TEXT]: one that has stopped
container()
{
    local dir=$XL_OCI_RUN_ROOT/$1 text=
    [ $# -lt 4 ] || text=", \"text\": \"$4\""
    mkdir -p -m 0700 "$XL_OCI_RUN_ROOT" "$dir"
    : >"$dir/lock"
    cat >"$dir/record" <<END
{"version": 1, "status": "stopped", "domid": -1, "monitor": 0,
 "created": $(($(date +%s) - 7300)), "name": "$1",
 "uuid": "6b1f3a0c-1111-4222-8333-9444aaaabbb$((RANDOM % 10))",
 "bundle": "/srv/$1\u001b[31m", "ociVersion": "1.2.0",
 "annotations": {"org.example.a": "b \"c\""},
 "exit": {"kind": "$2", "number": $3$text}}
END
}

run list
exits 0 "no run root: nothing to list"
is "$(wc -l <"$work/out")" 1 "the heading alone"
run list --format=json
is "$(json 'scalar @$j')" 0 "an empty list"

container web exited 7
container db signalled 9
container broken failed 0 "mount: no such file"
run list
exits 0 "three containers"
is "$(sed 1d "$work/out" | cut -d' ' -f1 | tr '\n' ' ')" "broken db web " \
    "by name"
grep -qE '^web +- stopped +exited 7 +- +2h +/srv/web' "$work/out"
result $? "the columns of one"
grep -qE '^db +- stopped +signalled 9 ' "$work/out"
result $? "ended by a signal"
! grep -q "$(printf '\033')" "$work/out"
result $? "a bundle's path cannot send escapes to the terminal"
run list -q
is "$(tr '\n' ' ' <"$work/out")" "broken db web " "names alone"
run list --format=json
is "$(json 'join " ", map { $_->{id} } @$j')" "broken db web" "as JSON"

run state web
exits 0 "state"
is "$(json '$j->{ociVersion}')" 1.2.0 "... ociVersion"
is "$(json '$j->{status}')" stopped "... status"
is "$(json 'exists $j->{pid} ? 1 : 0')" 0 "... no pid of what has stopped"
is "$(json '$j->{annotations}{"org.example.a"}')" 'b "c"' "... annotations"
is "$(json '$j->{"org.xenproject.oci"}{exit}{code}')" 7 "... exit code"
is "$(json '$j->{"org.xenproject.oci"}{exit}{kind}')" exited "... how"
run state db
is "$(json '$j->{"org.xenproject.oci"}{exit}{code}')" 137 "128 + signal"
run state broken
is "$(json '$j->{"org.xenproject.oci"}{exit}{text}')" "mount: no such file" \
    "why it failed"
is "$(json '$j->{"org.xenproject.oci"}{exit}{code}')" 125 "125 for no process"

printf '1700000000 9 -1\nit was killed\n/srv/"data"' \
    >"$XL_OCI_RUN_ROOT/web/share-1-failed"
run state web
share='$j->{"org.xenproject.oci"}{failedShares}[0]'
is "$(json "join ' ', map { ${share}->{\$_} } qw(share path ended signal)")" \
    '1 /srv/"data" 2023-11-14T22:13:20Z 9' "a share whose backend has ended"
is "$(json "$share->{reason}")" "it was killed" "... and why"
printf '1700000000 0 1\nthe server gave up\n/srv' \
    >"$XL_OCI_RUN_ROOT/web/share-1-failed"
run state web
is "$(json "$share->{exitStatus}")" 1 "... with its exit status"
run list
grep -qE '^web +- stopped ' "$work/out"
result $? "what has stopped is not degraded"

for c in state logs kill delete; do
    run "$c" nobody
    exits 3 "$c of an unknown container"
    has err "[container-unknown]" "... by name"
    run "$c" ../web
    exits 3 "$c of what cannot be a name"
done

printf 'old line\n' >"$XL_OCI_RUN_ROOT/web/log.1"
printf 'a\033[31m\tb\r\n\302\205\303\244\nno end' >"$XL_OCI_RUN_ROOT/web/log"
run logs web
exits 0 "logs"
printf 'old line\na\033[31m\tb\r\n\302\205\303\244\nno end' |
    cmp -s - "$work/out"
result $? "byte for byte, the older part first"
run logs -f web
exits 0 "following what has stopped ends"
is_empty err "... and nothing is missing"
echo 4097 >"$XL_OCI_RUN_ROOT/web/log.lost"
run logs web
exits 0 "logs of which some could not be written"
has err '4097 bytes of "web" are missing' "... is told how many"
has err "[console-output-lost]" "... by name"
rm "$XL_OCI_RUN_ROOT/web/log.lost"
if command -v script >/dev/null; then
    script -qec "'$XL_OCI' logs web" /dev/null </dev/null >"$work/out" 2>&1
    ! grep -q "$(printf '\033')" "$work/out"
    result $? "escapes are not sent to a terminal"
    has out 'a\x1b[31m' "... but shown"
    has out '\x85' "... C1 controls too"
    has out "$(printf '\303\244')" "... and letters kept"
    script -qec "'$XL_OCI' logs --raw web" /dev/null </dev/null >"$work/out" 2>&1
    has out "$(printf 'a\033[31m\tb')" "but sent as they are with --raw"
    has out "$(printf '\302\205')" "... all of them"
    lacks out '\x1b' "... none shown instead"
fi
ln -s /etc/hostname "$XL_OCI_RUN_ROOT/db/log"
run logs db
is_empty out "a link is not followed"

run kill web
exits 1 "no signal to what has stopped"
has err "[container-state-wrong]" "... by name"
run kill web KILL
exits 1 "nor KILL"
run kill web TREM
exits 2 "no signal"
has err "did you mean TERM?" "... with a hint"
run kill web 0
exits 2 "0 is no signal"
run kill --grace=9999999 web
exits 2 "grace of hours"

# hold NAME: somebody attends to it: the lock is held (an OFD lock, as the
# monitor's) until $holder is killed
hold()
{
    rm -f "$work/held"
    perl -e '
        use Fcntl;
        open my $f, "+<", $ARGV[0] or die;
        # struct flock of 64-bit Linux: type, whence, start, length, pid
        my $lock = pack("s s x4 q q i x4", F_WRLCK, 0, 0, 0, 0);
        fcntl($f, 37, $lock) or die "F_OFD_SETLK: $!";
        print "held\n"; close STDOUT; sleep 60;
    ' "$XL_OCI_RUN_ROOT/$1/lock" >"$work/held" &
    holder=$!
    for _ in $(seq 50); do [ -s "$work/held" ] && break; sleep 0.1; done
}

release()
{
    kill "$holder"
    wait "$holder" 2>/dev/null
}

# shows TEXT: waits until the follower has printed it
shows()
{
    for _ in $(seq 100); do
        grep -q "$1" "$work/out" && return
        sleep 0.1
    done
}

# following a log that is rotated, once and then twice between two looks
container busy exited 0
log=$XL_OCI_RUN_ROOT/busy/log
hold busy
echo 1 >"$log"
"$XL_OCI" logs -f busy >"$work/out" 2>"$work/err" &
follower=$!
shows 1
echo 2 >>"$log"
mv "$log" "$log.1"
echo 3 >"$log"
shows 3
echo 4 >>"$log"
mv "$log" "$log.1"
echo 5 >"$log.new"
mv "$log.new" "$log.1"
echo 6 >"$log"
shows 6
release
wait "$follower"
result $? "following ends when nobody attends and it has stopped"
is "$(tr '\n' ' ' <"$work/out")" "1 2 3 4 5 6 " "nothing is missed"
run delete busy
exits 0 "delete of one"

for c in delete kill reap; do
    run -N "$c" db
    exits 2 "$c has no dry run"
    has err "xl oci-$c: -N: this command has no dry run" "... which is told"
    has err "Leave -N out" "... with a remedy"
done
run -fN delete db
exits 2 "not even by force"
run list -q
is "$(tr '\n' ' ' <"$work/out")" "broken db web " "and nothing was done"
run -N state db
exits 0 "what only shows takes no notice of -N"

hold db
run delete db
exits 1 "delete while it is attended to"
has err "[container-busy]" "... by name"
release

# every command looks at every container, with its lock for a moment
for i in 1 2 3 4 5 6; do container "brief$i" exited 0; done
perl -e '
    use Fcntl;
    my @files = map { open my $f, "+<", $_ or die; $f } @ARGV;
    print "held\n"; close STDOUT;
    my ($lock, $unlock) = map { pack "s s x4 q q i x4", $_, 0, 0, 0, 0 }
        F_WRLCK, F_UNLCK;
    alarm 60;
    while (1) {
        fcntl($_, 37, $lock) for @files;
        1 for 1 .. 1000;
        fcntl($_, 37, $unlock) for @files;
    }
' "$XL_OCI_RUN_ROOT"/brief*/lock >"$work/held" &
holder=$!
for _ in $(seq 50); do [ -s "$work/held" ] && break; sleep 0.1; done
run delete brief1 brief2 brief3 brief4 brief5 brief6
exits 0 "delete while others look at it again and again"
release

run delete web db nobody
exits 3 "delete of several, one unknown"
[ ! -e "$XL_OCI_RUN_ROOT/web" ] && [ ! -e "$XL_OCI_RUN_ROOT/db" ]
result $? "the others are gone"
[ -e /etc/hostname ]
result $? "what a link named is not"
run list -q
is "$(cat "$work/out")" broken "one is left"

echo '{' >"$XL_OCI_RUN_ROOT/broken/record"
container fine exited 0
run list
exits 1 "a damaged record"
has out "fine " "... does not hide the others"
has err "broken/record" "... and is told"

# a container that ran when its monitor was killed, and no Xen to ask
if [ ! -e /proc/xen/privcmd ] && [ ! -e /dev/xen/privcmd ]; then
    sed 's/"stopped"/"running"/; s/"exited"/"none"/' \
        "$XL_OCI_RUN_ROOT/fine/record" >"$work/record"
    cp "$work/record" "$XL_OCI_RUN_ROOT/fine/record"
    run state fine
    exits 1 "what runs cannot be known without Xen"
    has err "[xen-unavailable]" "... by name"
    run kill fine
    exits 1 "nor signalled"
    run delete -f fine
    exits 1 "nor removed"
    [ -e "$XL_OCI_RUN_ROOT/fine/record" ]
    result $? "... its directory stays"
fi

: >"$work/file"
XL_OCI_RUN_ROOT=$work/file run list
exits 1 "a run root that is a file"
has err "[run-directory-failed]" "... by name"
finish
