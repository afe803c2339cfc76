// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include <memory>
#include <new>
#include <utility>

#include "barrier.h"
#include "base/error.h"

using namespace pygrpc::capi;  // NOLINT: the shims speak of little else

struct pygrpc_event {
  pygrpc_event() = default;
  ~pygrpc_event() { pygrpc_error_free(error); }
  pygrpc_event(const pygrpc_event &) = delete;
  pygrpc_event &operator=(const pygrpc_event &) = delete;

  pygrpc::rpc::Event event;
  pygrpc_error *error = nullptr;
};

namespace {

pygrpc::rpc::Queue &QueueOf(pygrpc_queue *queue) { return *Require(queue, "queue")->queue; }

void SetEvent(pygrpc_event *event, pygrpc::rpc::Event made) noexcept {
  event->event = std::move(made);
  if (event->event.no_memory) event->error = NoMemoryError();
  if (event->event.error != nullptr) event->error = NewError(*event->event.error);
}

// Makes events of what was polled. Where there is no memory for all, the rest stays in the queue.
void GiveOut(pygrpc::rpc::Queue *queue, pygrpc::rpc::Queue::FinishedList *polled,
             pygrpc_event **events, size_t *count) {
  try {
    while (!polled->empty()) {
      auto event = std::make_unique<pygrpc_event>();  // before anything is taken
      SetEvent(event.get(), queue->ToEvent(polled));
      events[*count] = event.release();
      ++*count;
    }
  } catch (const std::bad_alloc &) {
    queue->PutBack(polled);
    if (*count == 0) throw;
  }
}

}  // namespace

int32_t pygrpc_queue_new(pygrpc_queue **queue, pygrpc_error **error) {
  return Guard(error, [&] {
    *Require(queue, "queue") = nullptr;
    auto made = std::make_unique<pygrpc_queue>();
    made->queue = std::make_shared<pygrpc::rpc::Queue>();
    *queue = made.release();
    return PYGRPC_OK;
  });
}

void pygrpc_queue_free(pygrpc_queue *queue) {
  if (queue == nullptr) return;
  queue->queue->Close();
  delete queue;
}

int32_t pygrpc_queue_poll(pygrpc_queue *queue, int64_t timeout_ms, pygrpc_event **events,
                          size_t max, size_t *count, pygrpc_error **error) {
  return Guard(error, [&] {
    *Require(count, "count") = 0;
    Require(events, "events");
    RequireSome(max);
    pygrpc::rpc::Queue::FinishedList polled;
    QueueOf(queue).Poll(timeout_ms, max, &polled);
    GiveOut(&QueueOf(queue), &polled, events, count);
    return *count > 0 ? PYGRPC_OK : PYGRPC_PENDING;
  });
}

int32_t pygrpc_queue_wakeup(pygrpc_queue *queue, pygrpc_error **error) {
  return Guard(error, [&] {
    QueueOf(queue).WakeUp();
    return PYGRPC_OK;
  });
}

int32_t pygrpc_queue_set_fd(pygrpc_queue *queue, int32_t fd, pygrpc_error **error) {
  return Guard(error, [&] {
    QueueOf(queue).SetFd(fd);
    return PYGRPC_OK;
  });
}

int32_t pygrpc_stream_read_async(pygrpc_stream *stream, uint64_t tag, pygrpc_error **error) {
  return Guard(error, [&] {
    AsyncStreamOf(stream).Read(tag);
    return PYGRPC_OK;
  });
}

int32_t pygrpc_stream_read_many_async(pygrpc_stream *stream, size_t max, uint64_t tag,
                                      pygrpc_error **error) {
  return Guard(error, [&] {
    RequireSome(max);
    AsyncStreamOf(stream).ReadMany(tag, max);
    return PYGRPC_OK;
  });
}

int32_t pygrpc_stream_write_async(pygrpc_stream *stream, const char *message, size_t size,
                                  uint64_t tag, pygrpc_error **error) {
  return Guard(error, [&] {
    AsyncStreamOf(stream).Write(Payload(message, size, "message"), tag);
    return PYGRPC_OK;
  });
}

uint64_t pygrpc_event_tag(const pygrpc_event *event) {
  return event == nullptr ? 0 : event->event.tag;
}

int32_t pygrpc_event_code(const pygrpc_event *event) {
  if (event == nullptr) return PYGRPC_E_ARGUMENT;
  return event->error != nullptr ? pygrpc_error_code(event->error)
                                 : OutcomeCode(event->event.outcome);
}

const char *pygrpc_event_message(const pygrpc_event *event, size_t *size) {
  if (size != nullptr) *size = 0;
  if (event == nullptr || event->event.message.data() == nullptr) return nullptr;
  if (size != nullptr) *size = event->event.message.size();
  return event->event.message.data();
}

const pygrpc_error *pygrpc_event_error(const pygrpc_event *event) {
  return event == nullptr ? nullptr : event->error;
}

void pygrpc_event_free(pygrpc_event *event) { delete event; }
