// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

export * from './dist/index.js';
