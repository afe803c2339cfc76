/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * A small, strict JSON reader for the tests: it checks texts and finds values in them by JSON
 * pointer (RFC 6901), such as "/details/0/reason". */

#ifndef PYGRPC_TESTS_CAPI_JSON_TEXT_H_
#define PYGRPC_TESTS_CAPI_JSON_TEXT_H_

#include <stdbool.h>
#include <stddef.h>

/* Whether the text is one JSON value with nothing around it but white space. */
bool json_is_valid(const char *text);

/* The value at the pointer as it stands in the text, and its size; NULL if there is none. "" is the
 * whole. */
const char *json_find(const char *text, const char *pointer, size_t *size);

/* The decoded string at the pointer, to be freed; NULL if there is no string. */
char *json_string_at(const char *text, const char *pointer);

/* How many elements the array or members the object at the pointer has; -1 if there is neither. */
int json_count_at(const char *text, const char *pointer);

/* Whether the text is UTF-8 without control characters, so that it prints on one line. */
bool is_one_line_of_utf8(const char *text);

#endif /* PYGRPC_TESTS_CAPI_JSON_TEXT_H_ */
