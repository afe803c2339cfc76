/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0 */

#ifndef PYGRPC_TESTS_COEXISTENCE_NEIGHBOUR_H_
#define PYGRPC_TESTS_COEXISTENCE_NEIGHBOUR_H_

#ifdef __cplusplus
extern "C" {
#endif

/* Makes calls by the generated stubs over grpc++, and reads the google.rpc.Status of a failed one.
 * 0: all went well; else it has told on the standard error what did not. */
int neighbour_call(const char *target);

#ifdef __cplusplus
}
#endif

#endif /* PYGRPC_TESTS_COEXISTENCE_NEIGHBOUR_H_ */
