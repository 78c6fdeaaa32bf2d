--- The module dns against a name server of the tests' own; and names in connect.
local check = require "check"
local dns = require "dns"

local ZONE <const> = [[
a.test A 10.0.0.1
a.test A 10.0.0.2
a.test AAAA fd00::1
a.test MX 20 second.test
a.test MX 10 first.test
a.test TXT v=1+joined
a.test NS ns.test
a.test SOA ns.test root.a.test 2026112101 7200 900 1209600 300
www.test CNAME a.test
_sip._tcp.a.test SRV 20 0 5060 backup.test
_sip._tcp.a.test SRV 10 5 5060 small.test
_sip._tcp.a.test SRV 10 60 5061 large.test
1.2.0.192.in-addr.arpa PTR back.test
loop.test A 127.0.0.1
empty.test NONE
failed.test RCODE 2
secret.test RCODE 5
silent.test MANNER silent
cut.test MANNER cut
ring.test MANNER loop
stranger.test MANNER stranger
garbage.test MANNER garbage
large.test MANNER truncated
]]

--- The name server, on a port that nobody has for TCP.
local function start_server()
  for _ = 1, 20 do
    local stub = assert(io.popen("exec " .. os.getenv "DNS_STUB" .. " <<'END'\n" .. ZONE .. "END\n"))
    dns.server = assert(stub:read "l")
    local free = listen(dns.server)
    if free then
      free:close()
      return stub, dns.server
    end
    dns.resolve("quit.test", "A")
    stub:close()
  end
end
local stub, address = start_server()

check.case("addresses: both families, or one", function()
  check.same(dns.resolve "a.test", { "fd00::1", "10.0.0.1", "10.0.0.2" })
  check.same(dns.resolve("a.test", "A"), { "10.0.0.1", "10.0.0.2" })
  check.same(dns.resolve("a.test", "aaaa"), { "fd00::1" })
  check.same(dns.resolve("a.test."), { "fd00::1", "10.0.0.1", "10.0.0.2" })
  check.same(dns.resolve "loop.test", { "127.0.0.1" })
end)

check.case("records of the other types", function()
  check.same(dns.resolve("a.test", "MX"), { { preference = 10, host = "first.test" },
    { preference = 20, host = "second.test" } })
  check.same(dns.resolve("_sip._tcp.a.test", "SRV"), {
    { priority = 10, weight = 60, port = 5061, target = "large.test" },
    { priority = 10, weight = 5, port = 5060, target = "small.test" },
    { priority = 20, weight = 0, port = 5060, target = "backup.test" } })
  check.same(dns.resolve("a.test", "TXT"), { "v=1joined" })
  check.same(dns.resolve("a.test", "NS"), { "ns.test" })
  check.same(dns.resolve("www.test", "CNAME"), { "a.test" })
  check.same(dns.resolve("a.test", "SOA"), { { mname = "ns.test", rname = "root.a.test",
    serial = 2026112101, refresh = 7200, retry = 900, expire = 1209600, minimum = 300 } })
  check.equal(math.type(dns.resolve("a.test", "MX")[1].preference), "integer")
end)

check.case("PTR of a name and of an address", function()
  check.same(dns.resolve("192.0.2.1", "PTR"), { "back.test" })
  check.same(dns.resolve("1.2.0.192.in-addr.arpa", "PTR"), { "back.test" })
  check.fails("no such name", dns.resolve("fd00::1", "PTR"))
end)

check.case("what needs no server", function()
  dns.server = "127.0.0.1:1"
  check.same(dns.resolve "localhost", { "::1", "127.0.0.1" })
  check.equal(select("#", dns.resolve "localhost"), 1, "no nils behind it")
  local hosts <close> = io.open "/etc/hosts"
  if hosts and hosts:read "a":find "^127%.0%.0%.1%s+localhost" then
    check.equal(dns.resolve("127.0.0.1", "PTR")[1], "localhost")
  end
  check.same(dns.resolve "192.0.2.7", { "192.0.2.7" })
  dns.server = address
end)

check.case("a failure has the code EDNS and the cause in words", function()
  local function fails(cause, ...)
    local message = check.fails("EDNS", dns.resolve(...))
    check.match(message, "^resolve " .. (...):gsub("%p", "%%%0") .. ": ")
    check.match(message, cause)
  end
  local short = { timeout = 0.05 }
  fails("no such name$", "nosuch.test")
  fails("no such record: the name has no AAAA or A$", "empty.test")
  fails("no such record: the name has no MX$", "empty.test", "MX")
  fails("the name server failed %(SERVFAIL%)$", "failed.test")
  fails("refuses to tell %(REFUSED%)$", "secret.test")
  fails("no answer from the name server within 0%.", "silent.test", nil, short)
  fails("no answer from the name server within 0%.", "stranger.test", "A", short)
  fails("no answer from the name server within 0%.", "garbage.test", "A", short)
  fails("answer makes no sense$", "cut.test", "A")
  fails("answer makes no sense$", "ring.test", "A")
  fails('in ASCII; write its "xn%-%-" form$', "b\u{fc}cher.test")
  fails("cannot stand in a name$", "a b.test")
  fails("longer than 63 characters$", ("a"):rep(64) .. ".test")
  check.fails("the name is empty", dns.resolve "")
end)

check.case("nobody there", function()
  dns.server = "127.0.0.1:1"
  check.fails("the name server cannot be reached", dns.resolve "a.test")
  dns.server = address
end)

check.case("an answer that is too large for a datagram comes by TCP", function()
  check.fails("cannot be reached", dns.resolve("large.test", "TXT"))
  local data = ("\xfa" .. ("x"):rep(250)):rep(100)
  local record = "\xc0\x0c" .. (">I2I2I4s2"):pack(16, 1, 60, data)
  local server <close> = check.ok(listen(address, function(c)
    local size = (">I2"):unpack(c:read(2))
    local question = c:read(size)
    local header = question:sub(1, 2) .. (">I2I2I2I2I2"):pack(0x8180, 1, 2, 0, 0)
    c:write((">s2"):pack(header .. question:sub(13) .. record:rep(2)))
  end))
  local texts = check.ok(dns.resolve("large.test", "TXT"))
  check.same(texts, { ("x"):rep(25000), ("x"):rep(25000) })
end)

check.case("the loop goes on meanwhile, and many may ask at once", function()
  local ticks, waiting = 0, true
  local ticker = timeout(0.01, function()
    ticks = ticks + 1
    return waiting
  end)
  check.fails("EDNS", dns.resolve("silent.test", "A", { timeout = 0.2 }))
  waiting = false
  check.ok(ticks >= 5, ticks .. " ticks")
  ticker:delete()
  local tasks = {}
  for i = 1, 50 do
    tasks[i] = spawn(function() return dns.resolve(i % 2 == 0 and "a.test" or "loop.test", "A") end)
  end
  for i, task in ipairs(tasks) do
    check.same(task:join(), i % 2 == 0 and { "10.0.0.1", "10.0.0.2" } or { "127.0.0.1" })
  end
end)

check.case("a cancelled question leaves nothing behind", function()
  local task = spawn(function() dns.resolve("silent.test", "A", { timeout = 60 }) end)
  sleep(0)
  check.ok(task:alive())
  task:cancel()
  check.equal((task:join()), nil)
end)

check.case("connect asks the same server", function()
  local server <close> = listen("127.0.0.1:0", function(c) c:write "hello\n" end)
  local port = server.address:match "%d+$"
  local c <close> = check.ok(connect("loop.test:" .. port))
  check.equal(c:read "l", "hello")
  check.fails("connect nosuch.test:80: no such host", connect "nosuch.test:80")
end)

check.case("a failed connect tells every address, how it ended and when", function()
  local server = listen "127.0.0.1:0"
  local port = server.address:match "%d+$"
  server:close()
  local message = check.fails("ECONNREFUSED", connect("localhost:" .. port))
  local function refused(ip)
    return ip .. ":" .. port .. " Connection refused after %d+%.%d m?s"
  end
  check.match(message, "^connect localhost:" .. port .. ": " .. refused "%[::1%]" .. "; "
    .. refused "127%.0%.0%.1" .. "$")
end)

check.case("dns.server reads back, and nil is the system's", function()
  check.equal(dns.server, address)
  dns.server = { "127.0.0.1:1", address }
  check.same(dns.server, { "127.0.0.1:1", address })
  check.same(dns.resolve("a.test", "AAAA"), { "fd00::1" })  -- the second is asked as well
  dns.server = nil
  check.equal(dns.server, nil)
  dns.server = address
  for _, wrong in ipairs { "x", "", "127.0.0.1:0", "127.0.0.1:99999", "[::1", "1.2.3.4,::1", "a.test",
    "::1%lo" } do
    local message = check.raises(function() dns.server = wrong end, "^[^:]*dns_test.lua:%d+: ")
    check.match(message, "dns.server: %b\"\" is no name server")
  end
  check.raises(function() dns.server = {} end, "the list is empty")
  check.raises(function() dns.server = 5353 end, "expected, got 5353")
  check.raises(function() dns.server = { address, false } end, "expected, got false")
  check.equal(dns.server, address)
end)

check.case("wrong arguments raise where they were given", function()
  local function raises(pattern, ...)
    local arguments = table.pack(...)
    check.raises(function() local _ = dns.resolve(table.unpack(arguments, 1, arguments.n)) end,
      "^[^:]*dns_test.lua:%d+: dns.resolve: " .. pattern)
  end
  raises "the name must be a string, got a nil"
  raises("no such type 'XX'", "a.test", "XX")
  raises("the type must be a string, got a number", "a.test", 1)
  raises("the options must be a table, got a number", "a.test", "A", 5)
  raises("unknown option 'tmeout', did you mean 'timeout'", "a.test", "A", { tmeout = 1 })
  raises("option 'timeout' must be a number, got a string", "a.test", "A", { timeout = "1" })
  raises("option 'timeout' must be a number, got a NaN", "a.test", "A", { timeout = 0 / 0 })
  raises("option 'timeout' must be at least 0, got %-1", "a.test", "A", { timeout = -1 })
  check.raises(function()
    table.sort({ 1, 2 }, function() return dns.resolve "a.test" == nil end)
  end, "^[^:]*dns_test.lua:%d+: .*cannot wait inside")
end)

check.case("help finds the module's functions", function()
  local manifest = require "manifest"
  check.equal(#manifest.find "dns", 3)
  check.equal(manifest.find "dns.resolve"[1].entry.name, "dns.resolve")
end)

dns.resolve("quit.test", "A")
check.case("the name server has ended well", function() check.ok(stub:close()) end)

check.done()
