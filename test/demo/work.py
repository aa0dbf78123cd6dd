# SPDX-License-Identifier: LGPL-2.1-or-later
"""Real work inside a container: text, hashing, JSON, files, big integers."""
import collections
import hashlib
import json
import os
import platform
import zlib


def digits_of_pi(count):
    """Machin's formula in integers."""
    def arctan_inverse(x, unity):
        total = term = unity // x
        n, sign = 3, -1
        while term:
            term //= x * x
            total += sign * (term // n)
            n, sign = n + 2, -sign
        return total
    unity = 10 ** (count + 10)
    return str(4 * (4 * arctan_inverse(5, unity) -
                    arctan_inverse(239, unity)) // 10 ** 10)


pi = digits_of_pi(2000)
words = collections.Counter()
for directory, _, names in os.walk(os.path.dirname(os.__file__)):
    for name in names:
        if name.endswith(".py") and len(words) < 20000:
            with open(os.path.join(directory, name), errors="replace") as f:
                words.update(f.read(4000).split())
with open("/tmp/result.json", "w") as f:
    json.dump(words.most_common(100), f)
size = os.path.getsize("/tmp/result.json")
print(json.dumps({
    "python": platform.python_version(),
    "machine": platform.machine(),
    "pi_2000_sha256": hashlib.sha256(pi.encode()).hexdigest()[:16],
    "distinct_words": len(words),
    "result_bytes": size,
    "crc": zlib.crc32(open("/tmp/result.json", "rb").read()),
}, indent=1))
assert pi.startswith("31415926535") and size > 100
