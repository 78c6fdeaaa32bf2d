--- The module workers, and process.daemonize, process.become: supervisors in processes of their own.
local check = require "check"
local child = require "child"
local native = require "native.system"
local own_host = require "own_host"
local process = require "process"

local moonwire = child.binary
local PATIENCE <const> = 10

local function write(path, text)
  local file <close> = check.ok(io.open(path, "w"))
  file:write(text)
end

local function contents(path)
  local file <close> = io.open(path)
  return file and file:read "a"
end

--- Runs `script` with a folder of its own, which it finds in `folder`; fn(supervisor, next_line,
-- path), where next_line(pattern) skips lines of its output up to one like that.
local function supervise(script, fn)
  local folder = os.tmpname()
  os.remove(folder)
  check.ok(os.execute("mkdir -m 755 " .. folder))
  local function path(name) return folder .. "/" .. name end
  write(path "script.lua", ("local folder = %q\n"):format(folder) .. script)
  local supervisor = check.ok(process.spawn { moonwire, "--poller", reactor.method, path "script.lua",
    stderr = "stdout", env = { MOONWIRE_WORKER = false } })
  local seen = {}
  local function next_line(pattern)
    while true do
      local line = supervisor.stdout:read("l", { timeout = PATIENCE })
      if not line then error(("no line like %q; so far:\n%s"):format(pattern, table.concat(seen, "\n")), 2) end
      seen[#seen + 1] = line
      if line:find(pattern) then return line:match(pattern) end
    end
  end
  local ok, problem = pcall(fn, supervisor, next_line, path)
  if supervisor.running then
    supervisor:kill "KILL"
    supervisor:wait()
  end
  os.execute("rm -rf " .. folder)
  if not ok then error(problem, 0) end
end

local function signal_to(pid, name) check.ok(os.execute(("kill -%s %d"):format(name, pid))) end
local function is_gone(pid) return not native.exists(math.tointeger(tonumber(pid))) end

local ECHO <const> = [[
local workers = require "workers"
local process = require "process"
print("result", workers.run({ processes = 2, delay = 0.01, pid_file = "]] .. "%s" .. [[" }, function(number)
  local srv = listen("127.88.0.4:0", { reuseport = true }, function(c) c:pipe(c) end)
  print("worker", number, process.pid(), srv.address)
  io.flush()
end))]]

local function echo(options) return (ECHO:gsub("delay = 0.01", "delay = 0.01" .. (options or "")):gsub('"%%s"', 'folder .. "/pid"')) end

--- The two workers that tell of themselves: { [number] = { pid =, address = } }.
local function two_workers(next_line)
  local found = {}
  for _ = 1, 2 do
    local number, pid, address = next_line "^worker\t(%d)\t(%d+)\t(.*)"
    found[tonumber(number)] = { pid = tonumber(pid), address = address }
  end
  check.ok(found[1] and found[2], "not a worker each")
  return found
end

local function talk(address)
  local c <close> = check.ok(connect(address))
  c:write "hello"
  check.equal(check.ok(c:read(5, { timeout = PATIENCE })), "hello")
end

check.case("P14 workers run, one that dies is started again, the pid file is there until the end", function()
  supervise(echo(), function(supervisor, next_line, path)
    local found = two_workers(next_line)
    check.equal(tonumber(contents(path "pid")), supervisor.pid)
    talk(found[1].address)
    talk(found[2].address)
    signal_to(found[1].pid, "KILL")
    next_line "worker 1: signal 9; another in 0.01 s$"
    local number, pid, address = next_line "^worker\t(%d)\t(%d+)\t(.*)"
    check.equal(number, "1")
    check.ok(tonumber(pid) ~= found[1].pid)
    talk(address)
    talk(found[2].address)
    supervisor:kill "TERM"
    next_line "^result\ttrue$"
    check.same({ supervisor:wait(PATIENCE) }, { true, "exit", 0 })
    check.equal(contents(path "pid"), nil)
    check.ok(is_gone(pid) and is_gone(found[2].pid), "a worker is left")
  end)
end)

check.case("P14 the delay grows with each end, up to its bound", function()
  supervise([[require("workers").run({ delay = 0.01, max_delay = 0.04 }, function() os.exit(3) end)]],
    function(_, next_line)
      for _, delay in ipairs { "0.01", "0.02", "0.04", "0.04" } do
        next_line("worker 1: exit 3; another in " .. delay .. " s$")
      end
    end)
end)

check.case("P14 a worker whose main fails ends with its traceback, and is tried again", function()
  supervise([[require("workers").run({ delay = 0.01 }, function() error "on purpose" end)]],
    function(_, next_line)
      next_line "script.lua:2: on purpose$"
      next_line "worker 1: exit 1; another in 0.01 s$"
    end)
end)

check.case("P14 an error in a callback costs no worker", function()
  supervise([[require("workers").run(function()
  timeout(0, function() error "in a timer" end)
  timeout(0.05, function() print "still here" io.flush() end)
end)]], function(_, next_line)
    next_line "in a timer"
    next_line "^still here$"
  end)
end)

check.case("P14 QUIT: nobody new, who is connected may end", function()
  supervise(echo(", grace = 8"), function(supervisor, next_line)
    local found = two_workers(next_line)
    local c <close> = check.ok(connect(found[1].address))
    c:write "a"
    check.equal(c:read(1, { timeout = PATIENCE }), "a")
    supervisor:kill "QUIT"
    next_line "workers: stopping %(gracefully%)"
    check.eventually(function() return is_gone(found[2].pid) end, PATIENCE, "the idle worker")
    check.eventually(function()
      local more, _, code = connect(found[1].address)
      if more then more:close() end
      return code == "ECONNREFUSED"
    end, PATIENCE, "nobody new")
    c:write "b"
    check.equal(c:read(1, { timeout = PATIENCE }), "b", "it is still served")
    check.equal(supervisor.running, true)
    c:close()
    next_line "^result\ttrue$"
    check.same({ supervisor:wait(PATIENCE) }, { true, "exit", 0 })
  end)
end)

check.case("P14 who does not end is killed when the grace is over; INT ends at once", function()
  supervise([[
local workers = require "workers"
print("result", workers.run({ grace = 0.2 }, function()
  signal("TERM", function() end)
  print("pid", require("process").pid())
  io.flush()
end))]], function(supervisor, next_line)
    local pid = next_line "^pid\t(%d+)"
    local began = now()
    supervisor:kill "INT"
    next_line "worker 1 is killed after 0.2 s"
    next_line "^result\ttrue$"
    check.ok(now() - began >= 0.2)
    supervisor:wait(PATIENCE)
    check.ok(is_gone(pid))
  end)
end)

check.case("P14 USR1 opens the log anew, in the supervisor and in the workers", function()
  supervise([[
local log = require "log"
log.terminal(false)
log.file(folder .. "/" .. "log")
require("workers").run(function()
  log.info "a worker's line"
  print "up" io.flush()
end)]], function(supervisor, next_line, path)
    next_line "^up$"
    check.eventually(function()  -- of two processes, in either order
      local text = contents(path "log")
      return text:find "workers: worker 1 started %(pid %d+%)\n" and text:find "a worker's line\n"
    end, PATIENCE)
    check.ok(os.rename(path "log", path "old"))
    supervisor:kill "USR1"
    check.eventually(function() return contents(path "log") == "" end, PATIENCE)
  end)
end)

for _, name in ipairs { "HUP", "USR2" } do
  check.case("P14 " .. name .. ": new workers from the script as it is now, then the old ones end", function()
    supervise(echo(), function(supervisor, next_line, path)
      local old = two_workers(next_line)
      local script = check.ok(contents(path "script.lua"))
      write(path "script.lua", (script:gsub('print%("worker"', 'print("second") print("worker"')))
      supervisor:kill(name)
      next_line "^second$"
      check.eventually(function() return is_gone(old[1].pid) and is_gone(old[2].pid) end, PATIENCE)
      supervisor:kill "TERM"
      next_line "^result\ttrue$"
    end)
  end)
end

check.case("P14 reload of a script that does not work: the old workers go on", function()
  supervise(echo(), function(supervisor, next_line, path)
    local old = two_workers(next_line)
    local script = check.ok(contents(path "script.lua"))
    write(path "script.lua", "this is no Lua")
    supervisor:kill "HUP"
    next_line "the new workers do not live, the old ones go on"
    talk(old[1].address)
    talk(old[2].address)
    write(path "script.lua", script)
    supervisor:kill "HUP"
    two_workers(next_line)
    check.eventually(function() return is_gone(old[1].pid) and is_gone(old[2].pid) end, PATIENCE)
  end)
end)

check.case("P14 reload on one address: with reuseport nobody is refused meanwhile", function()
  local script <const> = [[
local address = "%s:7000"
require("workers").run({ processes = 2, delay = 60 }, function(number)
  assert(listen(address, { reuseport = %s }, function(c) c:pipe(c) end))
  print("worker", number, require("process").pid(), address)
  io.flush()
end)]]
  local host = own_host()
  supervise(script:format(host, "true"), function(supervisor, next_line)
    local old = two_workers(next_line)
    local asked, over = 0, false
    local client = spawn(function()
      while not over do
        talk(old[1].address)
        asked = asked + 1
      end
    end)
    check.eventually(function() return asked > 0 end, PATIENCE)
    supervisor:kill "HUP"
    two_workers(next_line)
    check.eventually(function() return is_gone(old[1].pid) and is_gone(old[2].pid) end, PATIENCE)
    local before = asked
    check.eventually(function() return asked > before end, PATIENCE)
    over = true
    client:join()
  end)
  supervise(script:format(host, "number == 2"):gsub("processes = 2", "processes = 1"),
    function(supervisor, next_line)
      local number, _, address = next_line "^worker\t(%d)\t(%d+)\t(.*)"
      check.equal(number, "1")
      supervisor:kill "HUP"
      next_line "Address already in use"
      next_line "the new workers do not live, the old ones go on"
      talk(address)
    end)
end)

check.case("P14 a pid file of a supervisor that runs is refused, a stale one is not", function()
  supervise(echo(), function(_, next_line, path)
    two_workers(next_line)
    local output = child(([[print(require("workers").run({ pid_file = %q }, print))]]):format(path "pid"))
    check.match(output, "^nil\tworkers.run: %S+/pid: a supervisor runs already %(pid %d+%)\tEEXIST\n$")
    local gone = check.ok(process.spawn { "true" })
    gone:wait()
    write(path "stale", gone.pid .. "\n")
    local again = check.ok(process.spawn { moonwire, "--poller", reactor.method, path "script.lua", env = { MOONWIRE_WORKER = false } })
    check.match(again.stdout:read("a"), "^result\tnil\tworkers.run: .*EEXIST\n$")
    again:wait()
    write(path "other.lua", ([[require("workers").run({ pid_file = %q }, function() print "up" io.flush() end)]])
      :format(path "stale"))
    local other = check.ok(process.spawn { moonwire, "--poller", reactor.method, path "other.lua", stderr = "null", env = { MOONWIRE_WORKER = false } })
    check.equal(other.stdout:read("l", { timeout = PATIENCE }), "up")
    other:kill "TERM"
    other:wait(PATIENCE)
    check.match(child [[print(require("workers").run({ pid_file = "/no/such/pid" }, print))]], "\tENOENT\n$")
  end)
end)

check.case("P14 user and group: workers are these before main is called, the supervisor is not", function()
  local script <const> = [[
local workers, process = require "workers", require "process"
workers.run({ user = %q, group = %s, delay = 0.01 }, function()
  print("worker", (process.run "id -un; id -gn; id -Gn"):gsub("\n", " "))
  print("again", select(3, process.become "root"))
  io.flush()
end)]]
  if (check.ok(process.run "id -u")) ~= "0\n" then
    io.write "  not root: only that it is refused\n"
    return supervise(script:format("root", "nil"), function(_, next_line)
      next_line "become user root: Operation not permitted"
      next_line "worker 1: exit 1; another in 0.01 s$"
    end)
  end
  for group, want in pairs { ["nil"] = "nobody nogroup nogroup", ['"daemon"'] = "nobody daemon daemon" } do
    supervise(script:format("nobody", group), function(supervisor, next_line)
      next_line("^worker\t" .. want)
      next_line "^again\tEPERM$"
      check.equal(process.run("ps -o user= -p " .. supervisor.pid), "root\n")
      supervisor:kill "TERM"
      check.ok(supervisor:wait(PATIENCE))
    end)
  end
  supervise(script:format("nobody-of-that-name", "nil"), function(_, next_line)
    next_line "user nobody%-of%-that%-name: there is no such user"
    next_line "worker 1: exit 1; another in 0.01 s$"
  end)
end)

check.case("P14 workers end when their supervisor was killed", function()
  supervise(echo(), function(supervisor, next_line)
    local found = two_workers(next_line)
    signal_to(supervisor.pid, "KILL")
    supervisor:wait(PATIENCE)
    check.eventually(function() return is_gone(found[1].pid) and is_gone(found[2].pid) end, PATIENCE)
  end)
end)

check.case("wrong arguments, and where there is no script", function()
  local workers = require "workers"
  check.raises(function() workers.run {} end, "workers_test.lua:%d+: workers.run: ")
  check.raises(function() workers.run({ procesess = 1 }, print) end, "did you mean 'processes'")
  local pipe = check.ok(io.popen("echo 'print(pcall(require(\"workers\").run, print))' | " .. moonwire .. " - 2>&1"))
  check.match(pipe:read "a", "^false\tworkers.run: needs a script in a file\n$")
  pipe:close()
end)

-- --- a daemon -----------------------------------------------------------------------------------------

check.case("P14 daemon: the caller's process ends, the service goes on without a terminal", function()
  supervise([[
local workers = require "workers"
local log, process = require "log", require "process"
log.file(folder .. "/log")
workers.run({ daemon = true, pid_file = folder .. "/pid" }, function()
  local srv = listen("127.0.0.1:0", function(c) c:pipe(c) end)
  log.info("address", srv.address)
end)
log.info "ended"]], function(starter, _, path)
    check.equal(starter.stdout:read("a", { timeout = PATIENCE }), "", "the pipe ends, though the daemon lives")
    check.same({ starter:wait(PATIENCE) }, { true, "exit", 0 })
    local address = check.eventually(function()
      return (contents(path "log") or ""):match "address (%S+)\n"
    end, PATIENCE)
    talk(address)
    local pid = check.eventually(function() return tonumber(contents(path "pid")) end, PATIENCE)
    check.ok(pid ~= starter.pid)
    check.match(process.run { "ps", "-o", "tty=,sid=", "-p", pid }, "^%?%s")
    check.match(process.run { "readlink", ("/proc/%d/cwd"):format(pid) }, "^/\n$")
    signal_to(pid, "QUIT")
    check.eventually(function() return (contents(path "log") or ""):find "info ended\n" end, PATIENCE)
    check.eventually(function() return is_gone(pid) end, PATIENCE)
    check.equal(contents(path "pid"), nil)
  end)
end)

check.case("daemonize: timers, listeners and files go on; its streams are /dev/null", function()
  supervise([[
local process = require "process"
local before = process.pid()
local srv = listen("127.0.0.1:0", function(c) c:write(c:read "l" or "") end)
local file = io.open(folder .. "/out", "w")
timeout(0.05, function()
  local c <close> = connect(srv.address)
  c:write "served\n"
  file:write(tostring(before ~= process.pid()), " ", c:read "a", " ", reactor.method, "\n")
  file:close()
  os.exit(0)
end)
assert(process.daemonize())
print "nobody reads this"]], function(starter, _, path)
    check.equal(starter.stdout:read("a", { timeout = PATIENCE }), "")
    check.equal(starter:wait(PATIENCE), true)
    check.eventually(function() return (contents(path "out") or ""):find "\n" end, PATIENCE)
    check.equal(contents(path "out"), "true served " .. reactor.method .. "\n")
  end)
end)

check.case("daemonize beside programs that run is refused, and nothing has changed", function()
  local output = child [[
local process = require "process"
local p = process.spawn { "cat" }
print(process.daemonize())
p.stdin:finish()
p:wait()
print "here"]]
  check.match(output, "^nil\tdaemonize: programs that it started still run\tEBUSY\nhere\n$")
end)

check.case("become: another user, for good; who is none; who one is already", function()
  local user = (check.ok(process.run "id -un")):match "%S+"
  check.equal(process.become(user), true)
  check.match(check.fails("ENOENT", process.become "nobody-of-that-name"), "user nobody%-of%-that%-name: there is no such user")
  check.match(check.fails("ENOENT", process.become(user, "no-such-group")), "group no%-such%-group: there is no such group")
  check.raises(function() process.become() end, "workers_test.lua:%d+: process.become: the user must be a string")
  if user ~= "root" then return check.fails("EPERM", process.become "root") end
  local output = child [[
local process = require "process"
print(process.become "nobody")
print((process.run "id -un; id -Gn"))
print(select(3, process.become "root"))]]
  check.match(output, "^true\nnobody\nnogroup\n\nEPERM\n$")
end)

check.case("S199 a child started while watchers exist: ours go on, it holds none of our sockets", function()
  local near, far = require "pair"()
  local got = ""
  local watcher = read(near, function() got = got .. near:take() return #got < 2 end)
  far:write "1"
  check.eventually(function() return got == "1" end, PATIENCE)
  local p = check.ok(process.spawn { "sh", "-c", "ls -l /proc/$$/fd; read line" })
  local listed = p.stdout:read("L")
  far:write "2"
  check.eventually(function() return got == "12" end, PATIENCE)
  p.stdin:finish()
  listed = listed .. p.stdout:read "a"
  check.equal(listed:find("socket:", 1, true), nil, listed)
  p:wait()
  watcher:delete()
  near:close()
  far:close()
end)

check.done()
