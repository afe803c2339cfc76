// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

import js from '@eslint/js';
import tseslint from 'typescript-eslint';

const globals = {
  AbortController: 'readonly',
  AbortSignal: 'readonly',
  Buffer: 'readonly',
  clearTimeout: 'readonly',
  console: 'readonly',
  Event: 'readonly',
  EventTarget: 'readonly',
  Headers: 'readonly',
  performance: 'readonly',
  process: 'readonly',
  setImmediate: 'readonly',
  setInterval: 'readonly',
  clearInterval: 'readonly',
  setTimeout: 'readonly',
};

const unused = ['error', { varsIgnorePattern: '^_$' }];

export default tseslint.config(
  { ignores: ['dist/', 'native/', 'node_modules/', 'src/api.ts'] },
  js.configs.recommended,
  {
    files: ['src/**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      // koffi is loaded with the library, not before.
      '@typescript-eslint/no-require-imports': 'off',
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      // What is aborted or thrown is the caller's own.
      '@typescript-eslint/prefer-promise-reject-errors': 'off',
      '@typescript-eslint/only-throw-error': 'off',
      '@typescript-eslint/restrict-template-expressions': 'off',
      '@typescript-eslint/no-confusing-void-expression': 'off',
      '@typescript-eslint/no-unused-vars': unused,
    },
  },
  { files: ['**/*.mjs'], languageOptions: { globals }, rules: { 'no-unused-vars': unused } },
);
