-- Copyright 2026 The pygrpc Authors
-- SPDX-License-Identifier: Apache-2.0

-- Tasks, which are coroutines, and the loop that runs them: over a queue of the library, and a pipe
-- that tells when the queue has something. Only the thread that runs the loop runs Lua code.
--
-- A loop without a pipe is used inside of calls that have requests to write while a response is
-- waited for.

local ffi = require("ffi")
local jit = require("jit")
local api = require("pygrpc.cdef")
local errors = require("pygrpc.errors")
local library = require("pygrpc.library")
local system = require("pygrpc.system")

local OK, PENDING = api.codes.OK, api.codes.PENDING

-- Waits are cut into pieces so short, in seconds: an interrupt is seen between them.
local SLICE = 0.05
local MAX_EVENTS = 64
-- So often the queue is asked without a look at the timers.
local MAX_ROUNDS = 64

local Loop = {}
Loop.__index = Loop

local Task = {}
Task.__index = Task

-- What a task yields to its loop.
local WAIT = {}

-- The task that is running.
local current

local events = ffi.new("pygrpc_event *[?]", MAX_EVENTS)
local count_out = ffi.new("size_t[1]")
local queue_out = ffi.new("pygrpc_queue *[1]")
local State = ffi.typeof("struct { pygrpc_queue *queue; int fds[2]; }")

local function free_state(state)
  library.get().pygrpc_queue_free(state.queue)
  for index = 0, 1 do
    if state.fds[index] >= 0 then
      system.close(state.fds[index])
    end
  end
end

local function check(lib, code)
  if code ~= OK then
    return nil, library.take_error()
  end
  return lib
end

local function closed()
  return errors.new("E_CLOSED", "the loop is closed")
end

local M = {}

-- Makes a loop; or nil and an error.
function M.new(has_pipe)
  local lib, err = library.get()
  if not lib then
    return nil, err
  end
  lib, err = check(lib, lib.pygrpc_queue_new(queue_out, library.error_out))
  if not lib then
    return nil, err
  end
  local state = State(queue_out[0], { -1, -1 })
  ffi.gc(state, free_state)
  if has_pipe then
    if not system.open_pipe(state.fds) then
      return nil, errors.new("E_STATE", "a loop needs a pipe, and no more files may be opened")
    end
    local set = lib.pygrpc_queue_set_fd(state.queue, state.fds[1], library.error_out)
    lib, err = check(lib, set)
    if not lib then
      return nil, err
    end
  end
  return setmetatable({
    state = state,
    queue = state.queue,
    has_pipe = has_pipe,
    operations = {}, -- by their tags
    under_way = 0,
    next_tag = 1,
    ready = {},
    first_ready = 1,
    last_ready = 0,
    timers = {}, -- the next one last
    tasks = 0,
  }, Loop)
end

-- The task that is running, if it is the one that calls this.
function M.running()
  if current and current.coroutine == coroutine.running() then
    return current
  end
  return nil
end

-- ---- Tasks

local function make_ready(loop, task)
  local last = loop.last_ready + 1
  loop.last_ready = last
  loop.ready[last] = task
end

local function finish(task, ok, ...)
  local loop = task.loop
  task.done = true
  loop.tasks = loop.tasks - 1
  if ok then
    task.results = { n = select("#", ...), ... }
  else
    task.failed, task.failure = true, (...)
  end
  for _, waiter in ipairs(task.waiters) do
    make_ready(loop, waiter)
  end
  if task.failed and #task.waiters == 0 and not loop.failed then
    loop.failed = task
  end
end

local function resumed(task, before, ok, ...)
  current = before
  if not ok or coroutine.status(task.coroutine) == "dead" then
    finish(task, ok, ...)
  elseif (...) ~= WAIT then
    finish(task, false, "a task yielded to something else than its loop")
  end
end

local function resume(task)
  if task.done then
    return
  end
  local before = current
  current = task
  local arguments = task.arguments
  if arguments then
    task.arguments = nil
    resumed(task, before, coroutine.resume(task.coroutine, unpack(arguments, 1, arguments.n)))
  else
    resumed(task, before, coroutine.resume(task.coroutine))
  end
end

local function run_ready(loop)
  local last = loop.last_ready
  while loop.first_ready <= last do
    local first = loop.first_ready
    local task = loop.ready[first]
    loop.ready[first] = nil
    loop.first_ready = first + 1
    resume(task)
  end
end

-- Runs a function as a task, beginning with the next turn of the loop. Returns the task; or nil and
-- an error.
function Loop:spawn(work, ...)
  if not self.state then
    return nil, closed()
  elseif type(work) ~= "function" then
    return nil, errors.new("E_ARGUMENT", "a task is a function, not a " .. type(work))
  end
  local task = setmetatable({
    loop = self,
    coroutine = coroutine.create(work),
    arguments = { n = select("#", ...), ... },
    waiters = {},
    done = false,
  }, Task)
  self.tasks = self.tasks + 1
  make_ready(self, task)
  return task
end

-- Ends what the task waits for: a call is cancelled, and what waits gets nil and an error with the
-- status CANCELLED.
function Task:cancel()
  if not self.done then
    self.is_cancelled = true
    make_ready(self.loop, self)
  end
end

-- ---- Timers

local function add_timer(loop, time, task)
  local timers = loop.timers
  local timer = { time = time, task = task }
  local at = #timers + 1
  while at > 1 and timers[at - 1].time < time do
    at = at - 1
  end
  table.insert(timers, at, timer)
  return timer
end

local function fire_timers(loop)
  local timers = loop.timers
  local now = #timers > 0 and system.now()
  while #timers > 0 and timers[#timers].time <= now do
    local timer = table.remove(timers)
    if timer.task then
      make_ready(loop, timer.task)
    end
  end
end

-- ---- Events

local function end_operation(loop, operation)
  operation.done = true
  loop.under_way = loop.under_way - 1
  if operation.task then
    make_ready(loop, operation.task)
    operation.task = nil
  end
end

local function take_event(loop, lib, event)
  local tag = tonumber(lib.pygrpc_event_tag(event))
  local operation = loop.operations[tag]
  loop.operations[tag] = nil
  local message = lib.pygrpc_event_message(event, library.size_out)
  if message ~= nil then
    operation.code = OK
    operation.text = ffi.string(message, library.size_out[0])
  else
    operation.code = lib.pygrpc_event_code(event)
    local handle = lib.pygrpc_event_error(event)
    if handle ~= nil then
      operation.error = errors.from_library(lib, handle)
    end
  end
  lib.pygrpc_event_free(event)
  end_operation(loop, operation)
end

-- Nothing arrives any more, in a forked child say: all that is under way has failed.
local function fail_all(loop, err)
  local operations = loop.operations
  loop.operations = {}
  for _, operation in pairs(operations) do
    operation.code, operation.error = err.code, err
    end_operation(loop, operation)
  end
end

-- Takes events, waiting so long for the first one, and runs the tasks that they are for.
local function drain(loop, milliseconds)
  local lib = library.get()
  for _ = 1, MAX_ROUNDS do
    local wanted = loop.under_way > 1 and MAX_EVENTS or 1
    local error_out = library.error_out
    local code =
      lib.pygrpc_queue_poll(loop.queue, milliseconds, events, wanted, count_out, error_out)
    if code ~= OK then
      if code ~= PENDING then
        fail_all(loop, library.take_error())
      end
      loop.is_drained = true
      return
    end
    local count = tonumber(count_out[0])
    for index = 0, count - 1 do
      take_event(loop, lib, events[index])
    end
    run_ready(loop)
    if count < wanted then
      loop.is_drained = true
      return
    end
    milliseconds = 0
  end
  loop.is_drained = false
end

-- ---- Running

-- One turn, which waits no longer than until the time `limit`.
local function advance(loop, limit)
  run_ready(loop)
  local wait = SLICE
  local timer = loop.timers[#loop.timers]
  if timer or limit then
    local time = math.min(timer and timer.time or limit, limit or timer.time)
    wait = math.max(0, math.min(wait, time - system.now()))
  end
  if loop.first_ready <= loop.last_ready or loop.failed then
    wait = 0
  end
  local milliseconds = math.ceil(wait * 1000)
  if not loop.has_pipe then
    drain(loop, milliseconds)
  elseif loop.is_drained == false or system.wait_readable(loop.state.fds[0], milliseconds) then
    system.empty(loop.state.fds[0])
    drain(loop, 0)
  end
  fire_timers(loop)
  run_ready(loop)
  local failed = loop.failed
  if failed then
    loop.failed = nil
    error(failed.failure, 0)
  end
end

-- An interrupt is a hook, which compiled code does not look at.
jit.off(advance, true)
jit.off(drain, true)

-- Waits until the operation is done, or until the time `limit`: true or false, or nil and an error
-- if the task was cancelled meanwhile. Outside of the loop's tasks it runs the loop.
function M.await(loop, operation, limit, what)
  local task = M.running()
  if not task or task.loop ~= loop then
    while not operation.done do
      if limit and system.now() >= limit then
        return false
      elseif not loop.state then
        return nil, closed()
      end
      advance(loop, limit)
    end
    return true
  end
  local timer = limit and not operation.done and add_timer(loop, limit, task)
  while not operation.done and not task.is_cancelled do
    if limit and system.now() >= limit then
      return false
    end
    operation.task = task
    coroutine.yield(WAIT)
  end
  if timer then
    timer.task = nil
  end
  if task.is_cancelled then
    task.is_cancelled = nil
    operation.task = nil
    return nil, errors.cancelled(what)
  end
  return true
end
jit.off(M.await)

-- Begins an operation, whose event will end it: start(tag) returns the library's code. Returns the
-- operation, or nil and an error.
function M.begin(loop, start)
  if not loop.state then
    return nil, closed()
  end
  local tag = loop.next_tag
  loop.next_tag = tag + 1
  local operation = { done = false }
  -- First noted, then begun: an interrupt may come between any two lines.
  loop.operations[tag] = operation
  loop.under_way = loop.under_way + 1
  if start(tag) ~= OK then
    loop.operations[tag] = nil
    loop.under_way = loop.under_way - 1
    return nil, library.take_error()
  end
  return operation
end

-- Waits so many seconds, while other tasks run. True; or nil and an error if the task is cancelled.
function Loop:sleep(seconds)
  local time, err = library.seconds(seconds, "time to sleep")
  if err then
    return nil, err
  elseif not time then
    return nil, errors.new("E_ARGUMENT", "the time to sleep is a nil, not a number of seconds")
  end
  local ended
  ended, err = M.await(self, { done = false }, system.now() + time, "sleep")
  if ended == nil then
    return nil, err
  end
  return true
end

-- Waits until the task has ended. Returns what its function did, or raises what it raised.
function Task:wait()
  local loop = self.loop
  local waiter = M.running()
  if waiter and waiter.loop == loop then
    while not self.done do
      self.waiters[#self.waiters + 1] = waiter
      coroutine.yield(WAIT)
      if waiter.is_cancelled then
        waiter.is_cancelled = nil
        return nil, errors.cancelled("wait")
      end
    end
  else
    while not self.done do
      advance(loop)
    end
  end
  if self.failed then
    if loop.failed == self then
      loop.failed = nil
    end
    error(self.failure, 0)
  end
  return unpack(self.results, 1, self.results.n)
end
jit.off(Task.wait)

-- Runs the function as a task, and with it all others, until it ends; returns what it did. Without
-- a function, runs until all tasks have ended. What a task raises that nobody waits for is raised
-- here.
function Loop:run(work, ...)
  if not self.state then
    return nil, closed()
  elseif work ~= nil then
    local task, err = self:spawn(work, ...)
    if not task then
      return nil, err
    end
    return task:wait()
  end
  while self.tasks > 0 do
    advance(self)
  end
  return true
end
jit.off(Loop.run)

-- For another event loop: the fd that becomes readable when step() is to be called, and how many
-- seconds from now it is to be called anyway; nil if there is no such time.
function Loop:fd()
  return self.state and self.state.fds[0]
end

function Loop:next_timer()
  if self.first_ready <= self.last_ready then
    return 0
  end
  local timer = self.timers[#self.timers]
  return timer and math.max(0, timer.time - system.now())
end

-- One turn of the loop, which does not wait.
function Loop:step()
  if not self.state then
    return nil, closed()
  end
  advance(self, 0)
  return true
end

-- Cancels what is in flight, and frees the queue and the pipe. May be repeated. Tasks that wait are
-- not resumed any more.
function Loop:close()
  local state = self.state
  if state then
    self.state, self.queue = nil, nil
    free_state(ffi.gc(state, nil))
  end
end

return M
