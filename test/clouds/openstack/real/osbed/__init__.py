# Copyright 2026 The Kubernetes Authors.
# SPDX-License-Identifier: Apache-2.0
