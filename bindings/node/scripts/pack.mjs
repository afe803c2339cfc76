// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// Makes the package, with the library inside: node scripts/pack.mjs LIBRARY [FOLDER]
// It wants dist/ to be built, and prints the path of the package.

import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const [library, folder = '.'] = process.argv.slice(2);
if (library === undefined) {
  console.error('usage: node scripts/pack.mjs LIBRARY [FOLDER]');
  process.exit(2);
}
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const native = join(root, 'native');
rmSync(native, { recursive: true, force: true });
const place = join(native, `${process.platform}-${process.arch}`);
mkdirSync(place, { recursive: true });
copyFileSync(library, join(place, 'libpygrpc.so.0'));
const destination = resolve(folder);
const [{ filename }] = JSON.parse(
  execFileSync('npm', ['pack', '--json', '--pack-destination', destination], {
    cwd: root,
    encoding: 'utf8',
  }),
);
console.log(join(destination, filename));
