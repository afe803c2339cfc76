/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Certificates for the tests, made by the openssl command. Files are <name>.pem and <name>.key in
 * the directory. Functions that fail, fail the running test. */

#ifndef PYGRPC_TESTS_CAPI_CERTIFICATES_H_
#define PYGRPC_TESTS_CAPI_CERTIFICATES_H_

/* An authority that signs itself. */
void make_authority(const char *directory, const char *name);

/* A certificate for `hosts`, such as "DNS:localhost,IP:127.0.0.1", signed by an authority. Without
 * dates ("20300101000000Z") it is valid now. */
void make_certificate(const char *directory, const char *name, const char *hosts,
                      const char *authority, const char *from, const char *until);

/* The key <name>.key once more as <copy>.key, encrypted. */
void encrypt_key(const char *directory, const char *name, const char *copy, const char *password);

/* The file as the text of a JSON string, quotes included; to be freed. */
char *pem_as_json(const char *path);

#endif /* PYGRPC_TESTS_CAPI_CERTIFICATES_H_ */
