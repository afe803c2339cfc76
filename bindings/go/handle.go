// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

package pygrpc

import (
	"sync"
	"sync/atomic"
	"unsafe"
)

// handle is a pointer of the library that is freed once it is closed and nobody uses it any more:
// the library takes no handle after, or while, it is freed.
type handle struct {
	users   atomic.Int64 // and one until it is closed
	pointer unsafe.Pointer
	free    func(unsafe.Pointer)
	closing sync.Once
}

func newHandle(pointer unsafe.Pointer, free func(unsafe.Pointer)) *handle {
	made := &handle{pointer: pointer, free: free}
	made.users.Store(1)
	return made
}

// acquire says whether the pointer may be used, until release.
func (h *handle) acquire() bool {
	for {
		users := h.users.Load()
		if users == 0 {
			return false
		}
		if h.users.CompareAndSwap(users, users+1) {
			return true
		}
	}
}

func (h *handle) release() {
	if h.users.Add(-1) == 0 {
		h.free(h.pointer)
	}
}

func (h *handle) close() { h.closing.Do(h.release) }
