/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * What opening the library does to a process: nothing. No thread, no gRPC initialisation, no file
 * left open; neither do clients and schemas. And what closing it does: nothing as well.
 *
 *     load LIBRARY */

#include <dirent.h>
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static int failures;

#define CHECK(condition)                                              \
  do {                                                                \
    if (!(condition)) {                                               \
      fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
      failures++;                                                     \
    }                                                                 \
  } while (0)

static int count_entries(const char *directory) {
  DIR *entries = opendir(directory);
  if (entries == NULL) abort();
  int count = 0;
  for (const struct dirent *entry; (entry = readdir(entries)) != NULL;) {
    if (entry->d_name[0] != '.') count++;
  }
  closedir(entries);
  return count;
}

static int count_threads(void) { return count_entries("/proc/self/task"); }

static int count_files(void) { return count_entries("/proc/self/fd"); }

static void *library;

static void *find(const char *symbol) {
  void *found = dlsym(library, symbol);
  if (found == NULL) {
    fprintf(stderr, "%s\n", dlerror());
    exit(1);
  }
  return found;
}

int main(int argc, char **argv) {
  if (argc != 2) return 2;
  int32_t (*client_new)(const char *, const char *, void **, void **);
  int32_t (*load_proto)(void *, const char *, const char *, size_t, void **);
  void (*client_free)(void *);

  const int files = count_files();
  CHECK(count_threads() == 1);
  library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) {
    fprintf(stderr, "%s\n", dlerror());
    return 1;
  }
  CHECK(count_threads() == 1);
  CHECK(count_files() == files);

  /* gRPC's own count of its users; it is found although it is not the library's. */
  int (*grpc_initialized)(void);
  *(void **)&grpc_initialized = find("grpc_is_initialized");
  CHECK(grpc_initialized() == 0);

  *(void **)&client_new = find("pygrpc_client_new");
  *(void **)&load_proto = find("pygrpc_load_proto");
  *(void **)&client_free = find("pygrpc_client_free");
  void *client = NULL;
  CHECK(client_new("localhost:1", NULL, &client, NULL) == 0);
  CHECK(load_proto(client, "a.proto", "syntax = \"proto3\"; message A {}", SIZE_MAX, NULL) == 0);
  client_free(client);
  CHECK(count_threads() == 1);
  CHECK(count_files() == files);
  CHECK(grpc_initialized() == 0);

  CHECK(dlclose(library) == 0);
  /* cppcheck-suppress leakReturnValNotUsed ; the library is never unloaded */
  CHECK(dlopen(argv[1], RTLD_NOW | RTLD_NOLOAD) == library);
  CHECK(client_new("localhost:1", NULL, &client, NULL) == 0);
  client_free(client);
  return failures == 0 ? 0 : 1;
}
