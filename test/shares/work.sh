#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# work.sh STEP...: in the guest, on Debian's root: what people do on a file
# system. A line for each that went well.
set -eu

# Dom0 stamps new files: behind its clock, they would be from the future. Init
# takes Dom0's time, and is ahead by what the question took on its way.
compare_clocks() {
    local before=$EPOCHREALTIME stamp after
    : >/tmp/stamp
    after=$EPOCHREALTIME
    stamp=$(stat -c %.6Y /tmp/stamp)
    if ((${stamp/./} <= ${after/./} && ${stamp/./} > ${before/./} - 1000000))
    then echo "clock: Dom0's"
    else echo "clock: $before $after, Dom0's $stamp"
    fi
}

unpack() {
    mkdir /tmp/unpacked /tmp/control
    dpkg-deb -x /package.deb /tmp/unpacked
    dpkg-deb -e /package.deb /tmp/control
    cd /tmp/unpacked
    md5sum --quiet -c ../control/md5sums
    echo "unpacked: $(find . -type f | wc -l) files"
    rm -r /tmp/unpacked /tmp/control
}

build() {
    cp -r /project /tmp/project
    cd /tmp/project
    make -s
    echo "built: $(./sum)"
    touch digits.h
    make -s -q && return 1
    make -s
    make -s -q
    echo "built again"
}

clone() {
    git clone -q /repository /tmp/clone
    git -C /tmp/clone fsck --strict --no-progress
    echo "cloned: $(git -C /tmp/clone rev-list --count HEAD) commits," \
        "$(git -C /tmp/clone status --short | wc -l) changes"
}

database() {
    python3 - <<'END'
import sqlite3

for mode in ("delete", "wal"):
    db = sqlite3.connect(f"/tmp/{mode}.db", isolation_level=None)
    got = db.execute(f"pragma journal_mode={mode}").fetchone()[0]
    db.execute("create table t (n integer primary key, text)")
    for n in range(10):
        db.execute("begin")
        db.executemany("insert into t (text) values (?)",
                       [("x" * (n * 37 % 200),) for _ in range(10)])
        db.execute("rollback" if n % 5 == 4 else "commit")
    other = sqlite3.connect(f"/tmp/{mode}.db")
    count = other.execute("select count(*) from t").fetchone()[0]
    check = other.execute("pragma integrity_check").fetchone()[0]
    print(f"database: {got}, {count} rows, {check}")
END
}

python() {
    python3 - <<'END'
import fcntl, mmap, os

os.chdir("/tmp")
with open("unlinked", "w+b") as f:
    f.write(b"still here")
    f.flush()
    os.unlink("unlinked")
    os.fchmod(f.fileno(), 0o640)
    f.truncate(5)
    assert os.pread(f.fileno(), 99, 0) == b"still"
    assert os.fstat(f.fileno()).st_nlink == 0
with open("sparse", "w+b") as f:
    f.truncate(5 << 30)
    os.pwrite(f.fileno(), b"end", (5 << 30) - 3)
    assert os.stat("sparse").st_blocks < 100
    assert os.pread(f.fileno(), 5, (5 << 30) - 4) == b"\0end"
with open("mapped", "w+b") as f:
    f.truncate(8192)
    m = mmap.mmap(f.fileno(), 8192)
    m[4096:4100] = b"mmap"
    m.flush()
    assert os.pread(f.fileno(), 4, 4096) == b"mmap"
name = "n" * 255
os.symlink("/absolute/target", name)
assert os.readlink(name) == "/absolute/target"
os.setxattr("mapped", "user.colour", b"blue")
assert os.getxattr("mapped", "user.colour") == b"blue"
with open("lock", "w") as f, open("lock", "w") as g:
    fcntl.lockf(f, fcntl.LOCK_EX)
    if os.fork() == 0:
        try:
            fcntl.lockf(g, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os._exit(1)
        except BlockingIOError:
            os._exit(0)
    assert os.wait()[1] == 0
os.chown("mapped", 1234, 70000)
assert os.stat("mapped").st_gid == 70000
os.mkfifo("fifo")
os.mkdir("many")
for n in range(200):
    os.close(os.open(f"many/{n}", os.O_CREAT, 0o600))
assert sorted(map(int, os.listdir("many"))) == list(range(200))
print("python: as on any file system")
END
}

for step in "$@"; do
    start=$SECONDS
    $step
    echo "# $step: $((SECONDS - start)) s" >&2
done
