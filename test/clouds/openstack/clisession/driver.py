# Copyright 2026 The Kubernetes Authors.
# SPDX-License-Identifier: Apache-2.0

"""Runs many commands of the openstack command line in one process, each as
/usr/bin/openstack does: starting Python anew takes longer than most commands.
Reads lines {"args": [...], "env": {...}} and writes lines {"status", "out", "err"}."""

import contextlib
import io
import json
import os
import sys

from openstackclient import shell

answers = sys.stdout
for line in sys.stdin:
    command = json.loads(line)
    os.environ.update(command['env'])
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            status = shell.main(command['args'])
        except SystemExit as e:
            status = e.code
    answers.write(json.dumps({'status': int(status or 0), 'out': out.getvalue(), 'err': err.getvalue()}) + '\n')
    answers.flush()
