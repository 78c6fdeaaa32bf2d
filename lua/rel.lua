--- The vocabulary of rel and pyevent: `local rel = require "rel"`. All of it are the globals of
-- that name but for what stands below. Only dispatch, loop, start and the join of a thread wait.
local blame = require "blame"
local native = require "native.reactor"
local reactor = require "reactor"

local CHUNK <const> = 4096  -- of what buffwrite hands to its sender

-- What is the same here as everywhere.
local common = {
  read = read, write = write, timeout = timeout, signal = signal, event = event,
  dispatch = dispatch, loop = loop, abort_branch = abort_branch,
  pause = pause, resume = resume, thread = thread, init = init, set_sleep = set_sleep, set_turbo = set_turbo,
  report = report, EV_TIMEOUT = EV_TIMEOUT, EV_READ = EV_READ, EV_WRITE = EV_WRITE,
  EV_SIGNAL = EV_SIGNAL, EV_PERSIST = EV_PERSIST,
  supported_methods = { "epoll", "poll", "kqueue", "select" },
}

local rel = setmetatable({}, { __index = common })

local end_dispatch = abort

--- initialize([{methods =, options =}]): the global, which also takes the option "threaded" that
-- only pyevent needed.
function rel.initialize(options)
  if type(options) ~= "table" or type(options.options) ~= "table" then
    return reactor.initialize(options)
  end
  local words = {}
  for _, word in ipairs(options.options) do
    if word ~= "threaded" then words[#words + 1] = word end
  end
  local given = {}
  for name, value in pairs(options) do given[name] = value end
  given.options = words
  return reactor.initialize(given)
end

--- error_watch(x, fn, ...), error by its old name: the global except, but it keeps no dispatch going.
function rel.error_watch(x, fn, ...)
  local watcher, message, code = blame.calling("rel.error_watch", except, x, fn, ...)
  if watcher then native.keep_nothing(watcher) end
  return watcher, message, code
end

rel.error = rel.error_watch

--- abort(): ends the dispatch that runs, and deletes all that waits for a descriptor. Timers and
-- signals stay.
function rel.abort()
  native.delete_watchers()
  end_dispatch()
end

--- start(): dispatch(), which SIGINT ends.
function rel.start()
  local interrupt <close> = setmetatable({ watcher = signal("SIGINT", rel.abort) }, {
    __close = function(self) self.watcher:delete() end,
  })
  return rel.dispatch()
end

--- stop(): abort() by another name.
rel.stop = rel.abort

--- tick(): one pass that does not wait.
function rel.tick() return rel.loop(true) end

--- Whether a dispatch runs.
rel.is_running = native.dispatching

-- --- buffwrite ----------------------------------------------------------------------------

local writing = setmetatable({}, { __mode = "k" })  -- what is written to -> its Writer

local function send_all(sock, chunk) return sock:write(chunk) end

local function end_writing(writer)
  writing[writer.sock] = nil
  writer.ready:delete()
  writer.trouble:delete()
end

local function fail(writer, message)
  end_writing(writer)
  writer.onerror(message)
end

--- Sends one chunk; whether there is more.
local function send_chunk(writer)
  local chunk = writer.data:sub(writer.sent + 1, writer.sent + CHUNK)
  local well, taken, message = pcall(writer.sender, writer.sock, chunk)
  if not well then return fail(writer, tostring(taken)) end
  if not taken then return fail(writer, message or "the sender refused") end
  writer.sent = writer.sent + (math.type(taken) == "integer" and taken or #chunk)
  if writer.sent < #writer.data then return true end
  end_writing(writer)
end

local function report_error(message) io.stderr:write("rel.buffwrite: ", message, "\n") end

--- buffwrite(sock, data [, sender [, onerror]]): sends data whenever sock is writable, a chunk at
-- a time, behind what it was given before.
function rel.buffwrite(sock, data, sender, onerror)
  if type(data) ~= "string" then blame.expected("rel.buffwrite", "a string", data) end
  local writer = writing[sock]
  if writer then
    writer.data, writer.sent = writer.data:sub(writer.sent + 1) .. data, 0
    return true
  end
  if data == "" then return true end
  writer = { sock = sock, data = data, sent = 0, sender = sender or send_all,
    onerror = onerror or report_error }
  local message, code
  writer.ready, message, code = blame.calling("rel.buffwrite", write, sock, send_chunk, writer)
  if not writer.ready then return nil, message, code end
  writer.trouble = except(sock, fail, writer, "out-of-band data, or an error of the descriptor")
  writing[sock] = writer
  return true
end

--- release_buff(sock): what buffwrite has not sent yet is dropped. Returns how many bytes.
function rel.release_buff(sock)
  local writer = writing[sock]
  if not writer then return 0 end
  end_writing(writer)
  return #writer.data - writer.sent
end

--- override(): `require "event"` gives this module from now on.
function rel.override() package.loaded.event = rel end

return rel
