// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

/** Runs, in a thread of its own, what waits for files or the network. */

import { parentPort, workerData } from 'node:worker_threads';

import type { Task, TaskResult } from './background';
import { getLibrary, loadLibrary } from './library';

const { path, begun } = workerData as { path: string; begun: Int32Array };

loadLibrary(path);

parentPort?.on('message', (task: Task) => {
  Atomics.store(begun, 0, 1);
  const result: TaskResult = getLibrary().call(task.name, task.inputs);
  Atomics.store(begun, 0, 0);
  parentPort?.postMessage(result);
});
