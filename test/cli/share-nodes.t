#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
exec "$(dirname "$0")/../xenstored/with-xenstored" share-nodes-test
