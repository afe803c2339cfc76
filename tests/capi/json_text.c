/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0 */

#include "json_text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const char *skip_space(const char *at) { return at + strspn(at, " \t\r\n"); }

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/* The four digits of a \u escape, or -1. */
static int32_t hex4(const char *at) {
  int32_t value = 0;
  for (int i = 0; i < 4; i++) {
    const int digit = hex_digit(at[i]);
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

/* The skip functions return what follows the value at `at`, or NULL if there is no such value. */

static const char *skip_string(const char *at) {
  if (*at++ != '"') return NULL;
  while (*at != '"') {
    if ((unsigned char)*at < 0x20) return NULL;
    if (*at++ != '\\') continue;
    if (*at == 'u') {
      if (hex4(at + 1) < 0) return NULL;
      at += 5;
    } else if (*at != '\0' && strchr("\"\\/bfnrt", *at) != NULL) {
      at++;
    } else {
      return NULL;
    }
  }
  return at + 1;
}

static const char *skip_digits(const char *at) {
  if (!is_digit(*at)) return NULL;
  while (is_digit(*at)) at++;
  return at;
}

static const char *skip_number(const char *at) {
  if (*at == '-') at++;
  at = *at == '0' ? at + 1 : skip_digits(at);
  if (at != NULL && *at == '.') at = skip_digits(at + 1);
  if (at != NULL && (*at == 'e' || *at == 'E')) {
    at++;
    if (*at == '+' || *at == '-') at++;
    at = skip_digits(at);
  }
  return at;
}

static const char *skip_literal(const char *at) {
  static const char *const kLiterals[] = {"true", "false", "null"};
  for (size_t i = 0; i < sizeof kLiterals / sizeof *kLiterals; i++) {
    const size_t size = strlen(kLiterals[i]);
    if (strncmp(at, kLiterals[i], size) == 0) return at + size;
  }
  return NULL;
}

static const char *skip_value(const char *at);

/* Goes through an array or object. Counts its elements; stops at the one with the name `wanted`, if
 * that is not NULL, and sets *found to its value. */
static const char *walk(const char *at, const char *wanted, size_t wanted_size, int *count,
                        const char **found) {
  const bool object = *at == '{';
  const char close = object ? '}' : ']';
  *count = 0;
  at = skip_space(at + 1);
  if (*at == close) return at + 1;
  for (;;) {
    bool match = false;
    if (object) {
      const char *key = at;
      at = skip_string(at);
      if (at == NULL) return NULL;
      match = wanted != NULL && (size_t)(at - key) == wanted_size + 2 &&
              memcmp(key + 1, wanted, wanted_size) == 0;
      at = skip_space(at);
      if (*at++ != ':') return NULL;
      at = skip_space(at);
    } else if (wanted != NULL) {
      match = strtol(wanted, NULL, 10) == *count;
    }
    ++*count;
    if (match) {
      *found = at;
      return at;
    }
    at = skip_value(at);
    if (at == NULL) return NULL;
    at = skip_space(at);
    if (*at == close) return at + 1;
    if (*at++ != ',') return NULL;
    at = skip_space(at);
  }
}

static const char *skip_value(const char *at) {
  int count;
  const char *found;
  switch (*at) {
    case '{':
    case '[':
      return walk(at, NULL, 0, &count, &found);
    case '"':
      return skip_string(at);
    case 't':
    case 'f':
    case 'n':
      return skip_literal(at);
    default:
      return skip_number(at);
  }
}

bool json_is_valid(const char *text) {
  const char *end = skip_value(skip_space(text));
  return end != NULL && *skip_space(end) == '\0';
}

/* Undoes the escapes of one part of a pointer, "~1" and "~0"; returns its size. */
static size_t unescape_part(const char *part, size_t size, char *out) {
  size_t used = 0;
  for (size_t i = 0; i < size; i++) {
    char c = part[i];
    if (c == '~' && i + 1 < size) c = part[++i] == '1' ? '/' : '~';
    out[used++] = c;
  }
  out[used] = '\0';
  return used;
}

const char *json_find(const char *text, const char *pointer, size_t *size) {
  const char *at = skip_space(text);
  while (*pointer == '/') {
    char part[256];
    const size_t length = strcspn(pointer + 1, "/");
    if (length >= sizeof part || (*at != '{' && *at != '[')) return NULL;
    const size_t part_size = unescape_part(pointer + 1, length, part);
    const char *found = NULL;
    int count;
    walk(at, part, part_size, &count, &found);
    if (found == NULL) return NULL;
    at = found;
    pointer += 1 + length;
  }
  const char *end = skip_value(at);
  if (end == NULL) return NULL;
  *size = (size_t)(end - at);
  return at;
}

static char *put_utf8(uint32_t rune, char *out) {
  if (rune < 0x80) {
    *out++ = (char)rune;
  } else if (rune < 0x800) {
    *out++ = (char)(0xC0 | rune >> 6);
    *out++ = (char)(0x80 | (rune & 0x3F));
  } else if (rune < 0x10000) {
    *out++ = (char)(0xE0 | rune >> 12);
    *out++ = (char)(0x80 | (rune >> 6 & 0x3F));
    *out++ = (char)(0x80 | (rune & 0x3F));
  } else {
    *out++ = (char)(0xF0 | rune >> 18);
    *out++ = (char)(0x80 | (rune >> 12 & 0x3F));
    *out++ = (char)(0x80 | (rune >> 6 & 0x3F));
    *out++ = (char)(0x80 | (rune & 0x3F));
  }
  return out;
}

char *json_string_at(const char *text, const char *pointer) {
  size_t size;
  const char *at = json_find(text, pointer, &size);
  if (at == NULL || *at != '"') return NULL;
  const char *end = at + size - 1;
  char *decoded = malloc(size);
  if (decoded == NULL) return NULL;
  char *out = decoded;
  for (at++; at < end; at++) {
    if (*at != '\\') {
      *out++ = *at;
    } else if (*++at != 'u') {
      static const char kFrom[] = "bfnrt", kTo[] = "\b\f\n\r\t";
      const char *escape = strchr(kFrom, *at);
      *out++ = escape == NULL ? *at : kTo[escape - kFrom];
    } else {
      uint32_t rune = (uint32_t)hex4(at + 1);
      at += 4;
      if (rune >> 10 == 0x36 && at[1] == '\\' && at[2] == 'u') {
        rune = 0x10000 + ((rune & 0x3FF) << 10) + ((uint32_t)hex4(at + 3) & 0x3FF);
        at += 6;
      }
      out = put_utf8(rune, out);
    }
  }
  *out = '\0';
  return decoded;
}

int json_count_at(const char *text, const char *pointer) {
  size_t size;
  const char *at = json_find(text, pointer, &size);
  if (at == NULL || (*at != '{' && *at != '[')) return -1;
  int count;
  const char *found;
  walk(at, NULL, 0, &count, &found);
  return count;
}

bool is_one_line_of_utf8(const char *text) {
  const unsigned char *at = (const unsigned char *)text;
  while (*at != 0) {
    const int more = *at < 0x80 ? 0 : *at < 0xC2 ? -1 : *at < 0xE0 ? 1 : *at < 0xF0 ? 2 : 3;
    if (more < 0 || *at > 0xF4 || *at < 0x20 || *at == 0x7F) return false;
    at++;
    for (int i = 0; i < more; i++) {
      if ((*at++ & 0xC0) != 0x80) return false;
    }
  }
  return true;
}
