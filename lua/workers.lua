--- A supervisor with worker processes: `local workers = require "workers"`. Each worker runs the same
-- script up to the same call of workers.run, in a process of its own: nothing is shared, and what one
-- does wrong costs one. What fails at run time returns nil, message, code.
local blame = require "blame"
local check_options = require "options"
local log = require "log"
local process = require "process"
local system = require "native.system"
local listing = require "native.listing"

local workers = {}

local connect, listen, timeout = connect, listen, timeout
local now, signal, sleep, spawn = now, signal, sleep, spawn
local VARIABLE <const> = "MOONWIRE_WORKER"  -- "NUMBER PID": which one, and who supervises it
local SETTLE <const> = 0.05  -- seconds into main after which a worker is taken to be well
local STABLE <const> = 10    -- seconds: who lived so long is started again without delay
local STEP <const> = 0.01    -- seconds between two looks at what drains
local ENTRY <const> = 0.2    -- seconds for clients that are being connected when a worker ends
local DEFAULTS <const> = { processes = 1, delay = 0.1, max_delay = 30, grace = 10 }

-- --- a worker ---------------------------------------------------------------------------------------

--- Its number, if this process is one. What a worker starts has the variable too, and is none.
local function own_number()
  local number, supervisor = (os.getenv(VARIABLE) or ""):match "^(%d+) (%d+)$"
  return tonumber(supervisor) == system.parent() and tonumber(number) or nil
end

--- No new connections; those that are open may end.
local function drain(grace)
  local listeners = {}
  for _, row in ipairs(listing.listeners()) do listeners[#listeners + 1] = row.object end
  for _, listener in ipairs(listeners) do system.refuse_clients(listener) end
  sleep(math.min(ENTRY, grace / 4))
  for _, listener in ipairs(listeners) do listener:close { grace = math.max(0, grace - 1) } end
  for _, listener in ipairs(listeners) do
    while listener.open > 0 do sleep(STEP) end
  end
  os.exit(0, true)
end

--- The channel to the supervisor, which is our standard input, tells it that we are well; its end
-- tells us that the supervisor was killed.
local function report()
  local channel = assert(connect "fd://0")
  timeout(SETTLE, function() channel:write "well\n" end)
  spawn(function()
    channel:read()
    os.exit(1, true)
  end)
end

local function work(number, options, main)
  if options.user then assert(process.become(options.user, options.group)) end
  report()
  signal("QUIT", function() drain(options.grace) end)
  signal("USR1", log.reopen)
  local ok, message = xpcall(main, debug.traceback, number)
  if not ok then
    log.error(message)
    os.exit(1, true)
  end
  sleep(math.huge)  -- no dispatch(): an error in a callback is printed, and costs no worker
end

-- --- the supervisor ---------------------------------------------------------------------------------

local channels = 0

--- Two ends of a socket that has no name any more.
local function make_channel()
  channels = channels + 1
  local server <close>, message = listen(("unix:@moonwire-%d-%d"):format(process.pid(), channels))
  if not server then return nil, message end
  local near = connect(server.address)
  return near, server:accept()
end

--- The words that start this script again as worker `number`, with its end of the channel.
local function command_of(number, directory, channel)
  local first = 0
  while arg[first - 1] do first = first - 1 end
  local words = { system.program() or arg[first] }
  for i = first + 1, #arg do words[#words + 1] = arg[i] end
  words.env = { [VARIABLE] = ("%d %d"):format(number, process.pid()) }
  words.cwd, words.stdin, words.stdout, words.stderr = directory, channel, "inherit", "inherit"
  return words
end

local function how_it_ended(ok, how, status)
  if ok then return "exit 0" end
  return how == "signal" and ("signal %d"):format(status) or ("exit %d"):format(status)
end

--- Starts a worker, and another in its place when it ends, until the slot is given up.
local function keep(pool, slot)
  local options = pool.options
  local delay = 0
  while not slot.given_up do
    local near, far = make_channel()
    local child, message = nil, far
    if near then child, message = process.spawn(command_of(slot.number, pool.directory, far)) end
    local name = ("worker %d"):format(slot.number)
    local began = now()
    if child then
      slot.child = child
      log.info(("workers: %s started (pid %d)"):format(name, child.pid))
      slot.well = near:read "l" == "well"
      message = how_it_ended(child:wait())
      slot.child = nil
      if slot.given_up then break end
    end
    if near then near:close() end
    slot.failed = true
    delay = now() - began >= STABLE and options.delay
      or math.min(math.max(2 * delay, options.delay), options.max_delay)
    log.warn(("workers: %s: %s; another in %g s"):format(name, message, delay))
    sleep(delay)
  end
end

local function start(pool)
  local slots = {}
  for number = 1, pool.options.processes do
    local slot = { number = number }
    slot.task = spawn(keep, pool, slot)
    slots[number] = slot
  end
  return slots
end

--- Tells workers to end, and kills those that take too long. Waits.
local function give_up(slots, name, grace)
  for _, slot in ipairs(slots) do
    slot.given_up = true
    if slot.child then slot.child:kill(name) else slot.task:cancel() end
  end
  local deadline = now() + grace
  for _, slot in ipairs(slots) do
    local child = slot.child
    if child then child:wait(math.max(0, deadline - now())) end
    if child and child.running then
      log.warn(("workers: worker %d is killed after %g s"):format(slot.number, grace))
      child:kill "KILL"
    end
    slot.task:join()
  end
end

--- Waits until the new workers are well; false if one is not.
local function are_well(pool, slots)
  for _, slot in ipairs(slots) do
    while not slot.well and not slot.failed and not pool.stopping do sleep(STEP) end
    if slot.failed then return false end
  end
  return true
end

--- New workers first; if they live, the old ones end when their connections have.
local function replace(pool)
  local old, fresh = pool.slots, start(pool)
  log.info "workers: reloading"
  local well = are_well(pool, fresh)
  if pool.stopping then
    pool.spare = fresh
  elseif not well then
    log.error "workers: the new workers do not live, the old ones go on"
    give_up(fresh, "TERM", pool.options.grace)
  else
    pool.slots = fresh
    give_up(old, "QUIT", pool.options.grace)
  end
end

--- One at a time; what is asked for meanwhile is done then, since the script may be another.
local function reload(pool)
  pool.reload_wanted = true
  if pool.reloading then return end
  pool.reloading = true
  while pool.reload_wanted and not pool.stopping do
    pool.reload_wanted = false
    replace(pool)
  end
  pool.reloading = false
end

local function stop(pool, name)
  pool.stopping = true
  log.info(("workers: stopping (%s)"):format(name == "QUIT" and "gracefully" or "at once"))
  give_up(pool.slots, name, pool.options.grace)
  while pool.reloading do sleep(STEP) end
  give_up(pool.spare or {}, name, pool.options.grace)
  pool.over:cancel()
end

local function tell(pool, name)
  for _, slot in ipairs(pool.slots) do
    if slot.child then slot.child:kill(name) end
  end
end

--- What the supervisor's signals do; each in a task of its own, since all of it waits.
local function watch_signals(pool)
  local watchers = {}
  local function on(name, fn)
    watchers[#watchers + 1] = signal(name, function() spawn(fn) end)
  end
  local function ends(name)
    return function()
      if pool.stopping then return tell(pool, name) end
      stop(pool, name)
    end
  end
  on("QUIT", ends "QUIT")
  on("INT", ends "TERM")
  on("TERM", ends "TERM")
  on("HUP", function() reload(pool) end)
  on("USR2", function() reload(pool) end)
  on("USR1", function()
    log.reopen()
    tell(pool, "USR1")
  end)
  return watchers
end

-- --- the pid file ------------------------------------------------------------------------------------

--- nil, message, code if it names a process that runs.
local function check_pid_file(path)
  local file <close> = io.open(path)
  local number = file and file:read "n"
  if math.type(number) == "integer" and number ~= process.pid() and system.exists(number) then
    return nil, ("workers.run: %s: a supervisor runs already (pid %d)"):format(path, number), "EEXIST"
  end
  return true
end

local function write_pid_file(path)
  local file, message, number = io.open(path, "w")
  if not file then return nil, "workers.run: " .. message, system.code_name(number) end
  file:write(process.pid(), "\n")
  file:close()
  return true
end

local function prepare(options, directory)
  local path = options.pid_file
  if path and path:sub(1, 1) ~= "/" then path = directory .. "/" .. path end
  local ok, message, code = true, nil, nil
  if path then ok, message, code = check_pid_file(path) end
  if ok and options.daemon then ok, message, code = process.daemonize() end
  if ok and path then ok, message, code = write_pid_file(path) end
  if not ok then return nil, message, code end
  return path or ""
end

local function supervise(options)
  local directory = system.directory()
  local pid_file, message, code = prepare(options, directory)
  if not pid_file then return nil, message, code end
  local pool = { options = options, directory = directory, over = spawn(sleep, math.huge) }
  pool.slots = start(pool)
  local watchers = watch_signals(pool)
  pool.over:join()
  for _, watcher in ipairs(watchers) do watcher:delete() end
  if pid_file ~= "" then os.remove(pid_file) end
  return true
end

--- workers.run([options,] main) -> true once it was told to stop | nil, message, code. Waits. In a
-- worker it calls main(number) and does not return.
function workers.run(options, main)
  if main == nil then options, main = {}, options end
  check_options("workers", "workers.run", options)
  if type(main) ~= "function" then blame.expected("workers.run", "a function", main) end
  if not arg or not arg[0] or arg[0] == "-" then error("workers.run: needs a script in a file", 2) end
  local complete = {}
  for name, value in pairs(DEFAULTS) do complete[name] = value end
  for name, value in pairs(options) do complete[name] = value end
  local number = own_number()
  if number then return work(number, complete, main) end
  return supervise(complete)
end

return workers
