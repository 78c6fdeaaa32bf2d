--- Other programs: `local process = require "process"`. Their standard streams are connections.
-- spawn and stdin return at once; run waits. What fails at run time returns nil, message, code;
-- wrong arguments raise, at the caller. A program that was started goes on without its object.
-- And what we are ourselves: our number, user and terminal.
local blame = require "blame"
local native = require "native.process"
local system = require "native.system"

local process = {}

local spawn, timeout = spawn, timeout  -- run needs them, whatever a program calls so
local STREAMS <const> = { "stdin", "stdout", "stderr" }
local STANDARD <const> = { [io.stdin] = 0, [io.stdout] = 1, [io.stderr] = 2 }
local MAX <const> = 64 * 1024 * 1024  -- of each stream that run collects

local function wrong(name, text) blame.misuse(name .. ": " .. text) end

--- Whether it is an object that may become a stream of the child: a connection or a file.
local function is_given(value)
  if io.type(value) == "file" then return true end
  local meta = type(value) == "userdata" and getmetatable(value)
  return type(meta) == "table" and meta.__name == "connection"
end

--- The command's words, and its options in a table of their own.
local function take_apart(name, command)
  if type(command) == "string" then return { "/bin/sh", "-c", command }, {} end
  if type(command) ~= "table" then blame.expected(name, "a command, a string or a table,", command) end
  local words, options = {}, {}
  for i, word in ipairs(command) do
    if type(word) ~= "string" and type(word) ~= "number" then
      wrong(name, ("argument %d is a %s, not a string"):format(i, type(word)))
    end
    words[i] = tostring(word)
  end
  if #words == 0 then wrong(name, "the command is empty") end
  for key, value in pairs(command) do
    if not (math.type(key) == "integer" and words[key]) then options[key] = value end
  end
  return words, options
end

--- Adds the changes to the environment to `words`: "NAME=value", "NAME" to take one out.
local function add_environment(name, env, words)
  if env == nil then return end
  if type(env) ~= "table" then
    wrong(name, "option 'env' must be a table, got " .. type(env))
  end
  for variable, value in pairs(env) do
    if type(variable) ~= "string" or variable == "" or variable:find "=" then
      wrong(name, "no name of a variable: " .. tostring(variable))
    end
    local kind = type(value)
    if value == false then
      words[#words + 1] = variable
    elseif kind == "string" or kind == "number" then
      words[#words + 1] = variable .. "=" .. value
    else
      wrong(name, ("variable %s is a %s, not a string"):format(variable, kind))
    end
  end
end

local function close_all(streams)
  for i = 1, 3 do
    if streams[i] then streams[i]:close() end
  end
end

local function start(name, words, options)
  local fresh, given = {}, {}
  local count = #words
  add_environment(name, options.env, words)
  options.env = nil
  for i, stream in ipairs(STREAMS) do
    local value = options[stream]
    if STANDARD[value] then
      options[stream] = STANDARD[value]
    elseif is_given(value) then
      if io.type(value) == "file" then value:flush() end
      given[i], options[stream] = value, nil
    elseif value == nil or value == "pipe" then
      fresh[i] = native.stream()
    end
  end
  local ok, child, message, code = pcall(native.spawn, options, fresh[1], fresh[2], fresh[3],
    given[1], given[2], given[3], count, table.unpack(words))
  if ok and child then return child end
  close_all(fresh)
  if not ok then blame.misuse(child) end
  return nil, message, code
end

--- Starts a program: { "cmd", "arg", ..., options }; a string is a command of /bin/sh.
-- Codes: ENOENT, EACCES and what else the kernel says; EBUSY for a connection in use.
function process.spawn(command)
  return start("process.spawn", take_apart("process.spawn", command))
end

--- What a run that goes on no longer leaves behind: nothing.
local function end_run(child)
  if child.running then child:kill "KILL" end
  close_all { child.stdin, child.stdout, child.stderr }
end

--- A task that reads all of a stream; "" without one.
local function collect(stream, max)
  return spawn(function()
    if not stream then return "" end
    return stream:read("a", { max = max })
  end)
end

--- Runs a program to its end: stdout, stderr and exit status (128 + a signal's number).
-- Waits. Codes beside those of spawn: EMSGSIZE, ETIMEDOUT; the program is killed then, and
-- when the waiting task is cancelled.
function process.run(command)
  local words, options = take_apart("process.run", command)
  local env, stderr = options.env, options.stderr
  options.env = nil
  if is_given(stderr) then options.stderr = nil end
  blame.calling(nil, native.check_run, options)
  local input, max, limit = options.input, options.max or MAX, options.timeout
  options.input, options.max, options.timeout = nil, nil, nil
  options.env, options.stderr, options.stdin = env, stderr, input and "pipe" or "null"
  local child, message, code = start("process.run", words, options)
  if not child then return nil, message, code end
  local guard <close> = setmetatable({}, { __close = function() end_run(child) end })

  local timed_out = false
  local alarm = limit and timeout(limit, function()
    timed_out = true
    end_run(child)
  end)
  local cancel <close> = setmetatable({}, { __close = function()
    if alarm then alarm:delete() end
  end })
  local out, err = collect(child.stdout, max), collect(child.stderr, max)
  if input then
    child.stdin:write(input)  -- a program that does not read all of it is in its right
    child.stdin:finish()
  end
  local texts, failure = {}, nil
  for i, task in ipairs { out, err } do
    local text, problem, name = task:join()
    if not text and not failure and name then
      failure = { problem, name }
      end_run(child)
    end
    texts[i] = text or ""
  end
  local _, how, status = child:wait()
  if timed_out then
    return nil, ("run %s: not ended within %g s"):format(words[1], limit), "ETIMEDOUT"
  end
  if failure then return nil, failure[1], failure[2] end
  return texts[1], texts[2], how == "signal" and 128 + status or status
end

--- Our own standard input as a connection, in a script, once: from then on it alone reads.
-- Codes: EBUSY: at a prompt, or taken already.
function process.stdin()
  local stream = native.stream()
  local taken, message, code = native.stdin(stream)
  if taken then return stream end
  stream:close()
  return nil, message, code
end

--- Our own number.
function process.pid() return system.pid() end

--- Goes on in the background: a new process without a terminal, in "/", whose standard streams are
-- /dev/null. Codes: EBUSY: at a prompt, beside programs or threads that were started.
function process.daemonize() return system.daemonize() end

--- Becomes another user, and of its groups, for good. Codes: ENOENT: there is none of that name;
-- EPERM: only root may.
function process.become(user, group)
  for i, name in ipairs { user or false, group } do
    if type(name) ~= "string" then
      wrong("process.become", ("the %s must be a string, got %s"):format(i == 1 and "user" or "group",
        type(name)), 2)
    end
  end
  return system.become(user, group or "")
end

return process
