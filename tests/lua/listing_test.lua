--- How listings look, with rows made here instead of the runtime's.
local check = require "check"

local rows = { conns = {}, timers = {}, tasks = {}, listeners = {}, watchers = {}, signals = {},
  events = {}, sockets = {}, threads = {}, bus_listeners = {} }
local native = {}
for kind in pairs(rows) do
  native[kind] = function() return table.move(rows[kind], 1, #rows[kind], 1, {}) end
end

--- lua/listing.lua over `native`; what is really loaded stays as it is.
local function load_listing()
  local real_native, real_listing = package.loaded["native.listing"], package.loaded["listing"]
  package.loaded["native.listing"], package.loaded["listing"] = native, nil
  local loaded = require "listing"
  package.loaded["native.listing"], package.loaded["listing"] = real_native, real_listing
  return loaded
end

local listing = load_listing()
local first, second = {}, {}

check.case("conns: aligned columns, numbers to the right", function()
  rows.conns = {
    { id = 3, state = "open", peer = "127.0.0.1:8000", sock = "127.0.0.1:45678", bytes_in = 12,
      bytes_out = 1234, queued = 0, age = 12.7, object = first },
    { id = 12, state = "finishing", peer = "[::1]:8000", sock = "[::1]:9", bytes_in = 3565158,
      bytes_out = 999, queued = 1 << 30, age = 7800, object = second },
  }
  check.equal(tostring(listing.conns()), [[
id  state      peer            sock               in   out  queued    age
 3  open       127.0.0.1:8000  127.0.0.1:45678    12  1.2K       0    12s
12  finishing  [::1]:8000      [::1]:9          3.4M   999    1.0G  2h10m]])
  check.equal(#listing.conns(), 2)
  check.equal(listing.conns()[2].bytes_in, 3565158)
end)

check.case("indexed by id it gives the object", function()
  check.equal(listing.conns[3], first)
  check.equal(listing.conns[12], second)
  check.equal(listing.conns[1], nil)
  check.equal(listing.conns.name, nil)
end)

check.case("at the prompt it is shown as it prints", function()
  check.equal(inspect(listing.conns()), tostring(listing.conns()))
  check.equal(inspect(listing.conns), tostring(listing.conns()))
end)

check.case("ages and sizes at their limits", function()
  local function cell(age, bytes)
    rows.conns = { { id = 1, state = "open", age = age, bytes_in = bytes, object = first } }
    return tostring(listing.conns()):match("open +(%S+) +(%S+)$")
  end
  check.same({ cell(0, 0) }, { "0", "0s" })
  check.same({ cell(59.99, 999) }, { "999", "59s" })
  check.same({ cell(60, 1000) }, { "1.0K", "1m00s" })
  check.same({ cell(184, 10240) }, { "10K", "3m04s" })
  check.same({ cell(3600, 1023 * 1024) }, { "1.0M", "1h00m" })
  check.same({ cell(90000, 5 << 40) }, { "5.0T", "1d01h" })
end)

check.case("timers: fine times, columns without content left out", function()
  rows.timers = {
    { id = 1, remaining = 0.25, interval = 1, where = "tick.lua:3", object = first },
    { id = 2, remaining = 61, interval = 90, where = "tick.lua:4", object = second },
  }
  check.equal(tostring(listing.timers()), [[
id  due in  period  where
 1   0.25s      1s  tick.lua:3
 2   1m01s   1m30s  tick.lua:4]])
end)

check.case("nothing: a sentence", function()
  for kind in pairs(rows) do rows[kind] = {} end
  check.match(tostring(listing.conns()), "^nothing is open")
  check.match(tostring(listing.timers()), "^nothing is due")
  check.match(tostring(listing.tasks()), "^nothing runs")
  check.match(tostring(listing.why()), "^nothing is open")
end)

check.case("why: a line for each thing that keeps the program", function()
  rows.listeners = { { id = 1, address = "127.0.0.1:8000", accepted = 4, open = 2, age = 4 } }
  rows.conns = {
    { id = 1, state = "open", peer = "127.0.0.1:9", alive = true },
    { id = 2, state = "open", peer = "127.0.0.1:10", alive = false },
  }
  rows.sockets = { { id = 4, address = "udp://127.0.0.1:53", packets_in = 7, packets_out = 6 } }
  rows.timers = { { id = 3, remaining = 5, interval = 5, where = "a.lua:1" } }
  rows.watchers = { { id = 1, fd = 0, kind = "read", label = "tty", where = "a.lua:2" } }
  rows.signals = { { id = 1, name = "SIGHUP", where = "a.lua:3" } }
  rows.threads = { { id = 2 } }
  rows.bus_listeners = { { id = 5, name = "news" } }
  rows.tasks = { { id = 7, state = "waiting", waits_for = "read on connection 1" } }
  check.equal(tostring(listing.why()), [[
what          id                                         label  where
listener       1  on 127.0.0.1:8000, 4 accepted, 2 open
connection     1  open with 127.0.0.1:9
socket         4  on udp://127.0.0.1:53, 7 in, 6 out
timer          3  due in 5s                                     a.lua:1
watcher        1  read on descriptor 0                   tty    a.lua:2
signal         1  SIGHUP                                        a.lua:3
thread         2  running
bus listener   5  to news
task           7  waits for read on connection 1]])
end)

check.case("hexdump and shorten", function()
  check.equal(hexdump(""), "")
  check.equal(hexdump("GET / HTTP/1.1\r\n\xff"),
    "00000000  47 45 54 20 2f 20 48 54  54 50 2f 31 2e 31 0d 0a  |GET / HTTP/1.1..|\n"
    .. "00000010  ff                                                |.|")
  check.equal(shorten(("x"):rep(200), 32), ("x"):rep(23) .. "..(177)..")
  check.equal(shorten(("x"):rep(35), 80), ("x"):rep(35))
  check.equal(shorten(("x"):rep(35)), ("x"):rep(35))
  check.equal(utf8.len(shorten(("\u{e9}"):rep(200), 32)), 32)
  for length = 81, 1200 do check.equal(#shorten(("x"):rep(length)), 80) end
  check.equal(shorten(("x"):rep(200), 3), "xxx")
end)

check.done()
