--- Sockets that a service manager has opened: "fd://3" and on, with LISTEN_FDS as systemd sets
-- it; by systemd's own tool where that is installed.
local check = require "check"
local child = require "child"
local process = require "process"

--- Starts a script that has these sockets as descriptors 3, 4 and 5: the shell that starts it gets
-- them as 0, 1 and 2.
local function activate(body, variables, ...)
  local path = os.tmpname()
  local file <close> = assert(io.open(path, "w"))
  file:write(body)
  file:close()
  local first, second, third = ...
  local command = child.command(path):gsub(" 2>&1$", "")
  local moves = first and "3<&0 4<&1 5<&2" or ""
  return check.ok(process.spawn { "sh", "-c",
    ("%s exec %s %s </dev/null >/dev/null 2>&1"):format(variables, command, moves),
    stdin = first and first.fd or "null", stdout = second and second.fd or "null",
    stderr = third and third.fd or "null" }), path
end

--- What such a script has put into its file.
local function output(path)
  local file <close> = io.open(path)
  return file and file:read "a" or ""
end

check.case("sockets that were opened for us serve: TCP, Unix, UDP", function()
  local path = os.tmpname()
  os.remove(path)
  local tcp, unix, udp = check.ok(listen "127.0.0.1:0"), check.ok(listen("unix:" .. path)),
    check.ok(listen "udp://127.0.0.1:0")
  local there, datagrams = tcp.address, udp.address
  local p, script = activate([[
    timeout(30, os.exit, 1)
    io.output(arg[0] .. ".out"):setvbuf "no"
    local left = 3
    local function one_less() left = left - 1 if left == 0 then timeout(0.05, os.exit, 0) end end
    local function serve(c)
      c:write(c.sock, "\n")
      one_less()
    end
    local tcp = assert(listen("fd://3", serve))
    local unix = assert(listen("fd://4", serve))
    local udp = assert(listen("udp://fd://5", function(sock, data, from)
      sock:send(from, data:upper())
      one_less()
    end))
    io.write(tcp.address, " ", unix.address, " ", udp.address, "\n")
    io.write(os.getenv "LISTEN_FDNAMES", "\n")
    io.write(select(2, listen "fd://17"), "\n")
  ]], "LISTEN_FDS=3 LISTEN_PID=$$ LISTEN_FDNAMES=a:b:c", tcp, unix, udp)
  tcp:close()
  udp:close()  -- which would take datagrams in; the Unix socket's file would go with it
  local c <close> = check.ok(connect(there))
  check.equal(c:read("l", { timeout = 5 }), there)
  local d <close> = check.ok(connect("unix:" .. path))
  check.equal(d:read("l", { timeout = 5 }), "unix:" .. path)
  local e <close> = check.ok(connect(datagrams))
  e:send "hello"
  check.equal((e:read { timeout = 5 }), "HELLO")
  check.ok(p:wait())
  check.equal(output(script .. ".out"), ("%s unix:%s %s\na:b:c\n"):format(there, path, datagrams)
    .. "listen fd://17: Bad file descriptor (LISTEN_FDS=3, from fd://3 on)\n")
  unix:close()
  os.remove(script)
  os.remove(script .. ".out")
end)

check.case("what was meant for another process is told of", function()
  local p, script = activate([[
    io.output(arg[0] .. ".out")
    io.write(select(2, listen "fd://17"), "\n", select(2, connect "fd://17"), "\n")
  ]], "LISTEN_FDS=3 LISTEN_PID=1")
  check.ok(p:wait())
  local cause = ": Bad file descriptor %(LISTEN_FDS is for process 1, this is %d+%)\n"
  check.match(output(script .. ".out"), "^listen fd://17" .. cause .. "connect fd://17" .. cause .. "$")
  os.remove(script)
  os.remove(script .. ".out")
end)

check.case("a descriptor of the wrong kind, or of our own, is refused", function()
  local server <close> = check.ok(listen "127.0.0.1:0")
  check.fails("EBUSY", listen("fd://" .. server.fd))
  check.fails("EBUSY", listen("udp://fd://" .. server.fd))
  check.fails("EBADF", listen "fd://987654")
end)

check.case("systemd-socket-activate starts us with the first client", function()
  if not os.execute "command -v systemd-socket-activate >/dev/null" then return end
  local path, script = os.tmpname(), os.tmpname()
  os.remove(path)
  local file <close> = assert(io.open(script, "w"))
  file:write [[
    local server
    server = assert(listen("fd://3", function(c)
      c:write("served at ", server.address, "\n")
      c:finish()
      timeout(0.05, os.exit, 0)
    end))]]
  file:close()
  local binary, option, poller = child.command(script):match "^(%S+) (%S+) (%S+)"
  local p = check.ok(process.spawn { "systemd-socket-activate", "-l", path, binary, option, poller,
    script, stdout = "null", stderr = "null" })
  local c
  check.eventually(function()
    c = connect("unix:" .. path)
    return c
  end)
  check.equal(c:read("l", { timeout = 5 }), "served at unix:" .. path)
  c:close()
  check.ok(p:wait())
  os.remove(script)
  os.remove(path)
end)

check.done()
