/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0 */

#include "certificates.h"

#include "harness.h"

static const char *file_of(const char *directory, const char *name, const char *ending) {
  return format("%s/%s.%s", directory, name, ending);
}

static void openssl(const char *const *arguments) {
  const char *command[32] = {"openssl"};
  size_t used = 1;
  while (*arguments != NULL) {
    assert_true(used + 1 < COUNT_OF(command));
    command[used++] = *arguments++;
  }
  assert_int_equal(run_program(command), 0);
}

void make_authority(const char *directory, const char *name) {
  const char *const arguments[] = {"req",
                                   "-x509",
                                   "-newkey",
                                   "ec",
                                   "-pkeyopt",
                                   "ec_paramgen_curve:prime256v1",
                                   "-nodes",
                                   "-days",
                                   "2",
                                   "-subj",
                                   format("/CN=%s", name),
                                   "-keyout",
                                   file_of(directory, name, "key"),
                                   "-out",
                                   file_of(directory, name, "pem"),
                                   NULL};
  openssl(arguments);
}

void make_certificate(const char *directory, const char *name, const char *hosts,
                      const char *authority, const char *from, const char *until) {
  const char *request = file_of(directory, name, "csr");
  const char *const ask[] = {"req",
                             "-newkey",
                             "ec",
                             "-pkeyopt",
                             "ec_paramgen_curve:prime256v1",
                             "-nodes",
                             "-subj",
                             format("/CN=%s", name),
                             "-keyout",
                             file_of(directory, name, "key"),
                             "-out",
                             request,
                             NULL};
  openssl(ask);
  write_file(directory, format("%s.index", name), "");
  const char *config = write_file(directory, format("%s.conf", name),
                                  format("[ca]\ndefault_ca = tests\n"
                                         "[tests]\nnew_certs_dir = %s\ndatabase = %s/%s.index\n"
                                         "serial = %s/%s.serial\n"
                                         "policy = names\ndefault_md = sha256\ndefault_days = 2\n"
                                         "x509_extensions = extensions\n"
                                         "[names]\ncommonName = supplied\n"
                                         "[extensions]\nsubjectAltName = %s\n",
                                         directory, directory, name, directory, name, hosts));
  const char *arguments[24] = {"ca",       "-batch",
                               "-notext",  "-config",
                               config,     "-rand_serial",
                               "-in",      request,
                               "-cert",    file_of(directory, authority, "pem"),
                               "-keyfile", file_of(directory, authority, "key"),
                               "-out",     file_of(directory, name, "pem")};
  if (from != NULL) {
    const char *const dates[] = {"-startdate", from, "-enddate", until};
    memcpy(arguments + 14, dates, sizeof dates);
  }
  openssl(arguments);
}

void encrypt_key(const char *directory, const char *name, const char *copy, const char *password) {
  const char *const arguments[] = {"pkcs8",    "-topk8",
                                   "-in",      file_of(directory, name, "key"),
                                   "-out",     file_of(directory, copy, "key"),
                                   "-passout", format("pass:%s", password),
                                   NULL};
  openssl(arguments);
}

char *pem_as_json(const char *path) {
  size_t size;
  char *pem = read_file(path, &size);
  char *json = malloc(2 * size + 3), *out = json;
  *out++ = '"';
  for (const char *at = pem; *at != '\0'; at++) { /* its lines are its only control characters */
    if (*at == '\n') *out++ = '\\';
    *out++ = *at == '\n' ? 'n' : *at;
  }
  *out++ = '"';
  *out = '\0';
  free(pem);
  return json;
}
