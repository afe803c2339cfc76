// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

package pygrpc

import (
	"runtime"
	"sync"
	"unsafe"
)

// completions is where asynchronous reads and writes of all clients end: a queue of the library, and
// a goroutine that polls it. It is made with the first call that needs it, and stays.
//
// The goroutine waits in the library, in a thread that does the I/O of the queue. With a pipe that
// Go's netpoller watches, a thread of the library would do it, and each completion would wake two
// threads instead of one: measured, a call took half as long again.
type completions struct {
	queue   unsafe.Pointer
	mutex   sync.Mutex
	waiting map[uint64]chan<- event
	lastTag uint64
}

var sharedCompletions = sync.OnceValues(newCompletions)

func newCompletions() (*completions, error) {
	queue, err := nativeQueue()
	if err != nil {
		return nil, err
	}
	made := &completions{queue: queue, waiting: map[uint64]chan<- event{}}
	go made.deliverAll()
	return made, nil
}

// expect gives the tag of an operation whose event is to go to the channel, which has room for it.
func (c *completions) expect(to chan<- event) uint64 {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.lastTag++
	c.waiting[c.lastTag] = to
	return c.lastTag
}

// forget takes back a tag: its event has come, or the library has not taken the operation.
func (c *completions) forget(tag uint64) chan<- event {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	to := c.waiting[tag]
	delete(c.waiting, tag)
	return to
}

// deliverAll never ends.
func (c *completions) deliverAll() {
	var poller poller
	for {
		poller.poll(c.queue, func(tag uint64, happened event) {
			c.forget(tag) <- happened
		})
		// Whoever got something goes on first, in this thread; else, while this one waits in C, another
		// would have to be woken for it. A fifth of the time of a call.
		runtime.Gosched()
	}
}
