--- Behaviours of the ancestors' HTTP family and tools, by their numbers (S191 to S201). S197 is
-- the script rtimer.lua: tests/scripts/run.
local check = require "check"
local dns = require "dns"
local fs = require "fs"
local http = require "http"
local process = require "process"

local PATIENCE <const> = 10  -- seconds, for what must come

local function write_file(path, text)
  local file <close> = assert(io.open(path, "w"))
  file:write(text)
end

--- A directory of our own, gone at the end of the block.
local function folder()
  local path = os.tmpname()
  os.remove(path)
  check.ok(os.execute("mkdir " .. path))
  return path, setmetatable({}, { __close = function() os.execute("rm -r " .. path) end })
end

-- --- HTTP --------------------------------------------------------------------------------------

check.case("S191 two requests on one connection, pipelined or not: two answers in order", function()
  local srv <close> = check.ok(listen("http://127.0.0.1:0", function(req) return req.path end))
  local c <close> = check.ok(connect((srv.address:gsub("^http://", ""))))
  local function answer()
    check.match(c:read("l", { timeout = PATIENCE }), "200 OK")
    local size
    for line in c:lines() do
      size = math.tointeger(tonumber(line:lower():match "^content%-length: (%d+)")) or size
      if line == "" or line == "\r" then break end
    end
    return c:read(size, { timeout = PATIENCE })
  end
  for _, path in ipairs { "/one", "/two" } do
    c:write("GET ", path, " HTTP/1.1\r\nHost: h\r\n\r\n")
    check.equal(answer(), path)
  end
  c:write("GET /three HTTP/1.1\r\nHost: h\r\n\r\nGET /four HTTP/1.1\r\nHost: h\r\n\r\n")
  check.equal(answer(), "/three")
  check.equal(answer(), "/four")
  check.equal(srv.accepted, 1)
end)

check.case("S191 Connection: close and HTTP/1.0 close", function()
  local srv <close> = check.ok(listen("http://127.0.0.1:0", function(req) return req.path end))
  for _, text in ipairs { "GET /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
    "GET /a HTTP/1.0\r\n\r\n" } do
    local c <close> = check.ok(connect((srv.address:gsub("^http://", ""))))
    c:write(text)
    check.match(c:read("a", { timeout = PATIENCE }), "\r\n\r\n/a$")
  end
end)

--- What the app says to requests, one connection for all.
local function asker(app)
  local srv = check.ok(listen("http://127.0.0.1:0", app))
  return srv, function(path, headers)
    local answer = check.ok(http.get(srv.address .. path, { headers = headers }))
    return answer.status
  end
end

check.case("S193 more than the limit within an interval flags an address at its end", function()
  local flagged, list = {}, {}
  local app = http.app()
  app:get("/", function() return "hi" end)
  check.equal(app:shield { limit = 200, interval = 2, blacklist = list, on_flag = function(ip, reason)
    flagged[#flagged + 1] = ip .. ": " .. reason
  end }, app)
  local srv <close>, ask = asker(app)
  local began = now()
  local c <close> = check.ok(connect((srv.address:gsub("^http://", ""))))
  c:write(("GET / HTTP/1.1\r\nHost: h\r\n\r\n"):rep(200), "GET / HTTP/1.0\r\n\r\n")
  check.equal(select(2, c:read("a"):gsub("200 OK\r\n", "")), 201)
  check.same(list, {})
  sleep(began + 2.01 - now())
  check.equal(ask "/", 403)
  check.equal(ask "/", 403)
  check.eventually(function() return flagged[1] end, PATIENCE)
  check.same(flagged, { "127.0.0.1: 201 requests in 2 s" })
  check.equal(list["127.0.0.1"], "201 requests in 2 s")
  check.equal(app.shield:unflag "127.0.0.1", true)
  check.equal(app.shield:unflag "127.0.0.1", false)
  check.equal(ask "/", 200)
  check.same(#flagged, 1)
  http.close_idle()
end)

check.case("S193 so many as the limit do not", function()
  local app = http.app():shield { limit = 20, interval = 0.05, on_flag = function() error "flagged" end }
  app:get("/", function() return "hi" end)
  local srv <close>, ask = asker(app)
  for _ = 1, 3 do
    for _ = 1, 20 do check.equal(ask "/", 200) end
    sleep(0.06)
  end
  check.equal(ask "/", 200)
  http.close_idle()
end)

check.case("S193 an attack flags at once: a path, a cookie, an agent", function()
  local reasons = {}
  local app = http.app():shield { on_flag = function(_, reason) reasons[#reasons + 1] = reason end }
  app:get("/*", function() return "hi" end)
  local srv <close>, ask = asker(app)
  for i, attack in ipairs { { "/wp-login.php" }, { "/a/%2e%2e/etc/passwd" },
    { "/", { cookie = "x=<script>" } }, { "/", { ["user-agent"] = "sqlmap/1.7" } } } do
    check.equal(ask("/", { ["user-agent"] = "test" }), 200)
    check.equal(ask(attack[1], attack[2]), 403)
    check.equal(ask "/", 403)
    check.eventually(function() return reasons[i] end, PATIENCE)
    check.equal(app.shield:unflag "127.0.0.1", true)
  end
  check.same(reasons, { "path: /wp-login.php", "path: ../", "cookie: <script", "agent: sqlmap" })
  check.raises(function() http.app():shield { limt = 1 } end, "app:shield: unknown option 'limt'")
  check.raises(function() app:shield() end, "attempt to call")
  http.close_idle()
end)

check.case("a reverse proxy chooses by host, and passes over who cannot be reached", function()
  local function named(name)
    return check.ok(listen("http://127.0.0.1:0", function(req) return name .. req.target end))
  end
  local one <close> = named "one"
  local two <close> = named "two"
  local other <close> = named "other"
  local srv <close> = check.ok(http.reverse_proxy("127.0.0.1:0", {
    ["A.org"] = { one.address, (two.address:gsub("^http://", "")) }, ["b.org"] = other.address,
    ["c.org"] = { "127.83.6.1:1", two.address }, ["d.org"] = "127.83.6.1:1" }))
  local function ask(host, path)
    local answer = check.ok(http.get(srv.address .. path, { headers = { host = host } }))
    return answer.status == 200 and answer.body or answer.status
  end
  local seen = {}
  for _ = 1, 4 do seen[#seen + 1] = ask("a.org:8080", "/x?y=1") end
  table.sort(seen)
  check.same(seen, { "one/x?y=1", "one/x?y=1", "two/x?y=1", "two/x?y=1" })
  check.equal(ask("B.ORG.", "/a%2fb"), "other/a%2fb")
  check.equal(ask("c.org", "/"), "two/")
  check.equal(ask("c.org", "/"), "two/")
  check.equal(ask("d.org", "/"), 502)
  check.equal(ask("e.org", "/"), 421)
  check.raises(function() http.reverse_proxy("127.0.0.1:0", { ["a.org"] = {} }) end,
    "seeds_tools_test.lua:%d+: http.reverse_proxy: host a.org: the list of targets is empty")
  check.raises(function() http.reverse_proxy("127.0.0.1:0", { ["a.org"] = 1 }) end,
    "seeds_tools_test.lua:%d+: http.reverse_proxy: host a.org: an address or a URL expected")
  check.raises(function() http.app():proxy("/", {}) end,
    "seeds_tools_test.lua:%d+: app:proxy: the list of targets is empty")
  check.raises(function() http.reverse_proxy("127.0.0.1:0", { ["*"] = "a:1" }, { backlgo = 1 }) end,
    "seeds_tools_test.lua:%d+: http.reverse_proxy: listen: unknown option 'backlgo'")
  http.close_idle()
end)

check.case("a proxy of WebSockets: either end closing closes the other", function()
  local ws = require "ws"
  local ended = 0
  local plain <close> = check.ok(listen("127.0.0.1:0", function(c)
    for line in c:lines "L" do
      c:write(line:upper())
      if line == "bye\n" then break end
    end
    ended = ended + 1
  end))
  local srv <close> = check.ok(ws.proxy("127.0.0.1:0", plain.address))
  local c <close> = check.ok(connect(srv.address))
  c:write "hello\n"
  check.same({ c:read(nil, { timeout = PATIENCE }) }, { "HELLO\n", "binary" })
  c:write "bye\n"
  check.equal(c:read(nil, { timeout = PATIENCE }), "BYE\n")
  check.equal(c:read(nil, { timeout = PATIENCE }), nil)
  local d <close> = check.ok(connect(srv.address))
  d:write "x\n"
  check.equal(d:read(nil, { timeout = PATIENCE }), "X\n")
  d:close()
  check.eventually(function() return ended == 2 end, PATIENCE)
  local lonely <close> = check.ok(ws.proxy("127.0.0.1:0", "127.83.6.1:1"))
  local e <close> = check.ok(connect(lonely.address))
  check.equal((e:read(nil, { timeout = PATIENCE })), nil)
  check.raises(function() ws.proxy("127.0.0.1:0", "a:1", { kidn = "text" }) end,
    "seeds_tools_test.lua:%d+: ws.proxy: listen: unknown option 'kidn'")
  check.raises(function() ws.proxy("127.0.0.1:0", "a:1", { kind = "json" }) end,
    "seeds_tools_test.lua:%d+: ws.proxy: option 'kind' must be")
end)

-- --- tools -------------------------------------------------------------------------------------

--- Returns when count() has stood still for so long that nothing is on its way, though others run.
local function wait_until_quiet(count)
  local before, clock
  repeat
    before, clock = count(), check.clock()
    sleep(0.3)
  until count() == before and select(2, clock:passed()) < 0.1
end

check.case("S195 D7 a watched file is told when it is written, and when it is replaced", function()
  local directory, gone = folder()
  local remove <close> = gone
  local path = directory .. "/settings"
  write_file(path, "one")
  local told = {}
  local watch <close> = check.ok(fs.watch(path, function(changed) told[#told + 1] = changed end))
  local function changes(what, change)
    local before, clock = #told, check.clock()
    change()
    check.eventually(function() return #told > before end, PATIENCE, what)
    clock:took(0, 0.5, what)
    check.equal(told[#told], path)
    wait_until_quiet(function() return #told end)
  end
  changes("a write", function() write_file(path, "two") end)
  for _ = 1, 2 do
    changes("a replacement", function()
      write_file(path .. ".new", "three")
      check.ok(os.rename(path .. ".new", path))
    end)
    changes("a write after it", function() write_file(path, "four") end)
  end
  changes("a removal", function() os.remove(path) end)
  changes("a new one", function() write_file(path, "five") end)
  local before = #told
  write_file(directory .. "/other", "not ours")
  sleep(0.4)
  check.equal(#told, before)
  check.equal(watch:delete(), true)
  check.equal(watch:delete(), false)
  write_file(path, "six")
  sleep(0.4)
  check.equal(#told, before)
end)

check.case("D7 behind links what they lead to is watched, wherever they lead later", function()
  local directory, gone = folder()
  local remove <close> = gone
  local function path(name) return directory .. "/" .. name end
  local function link(target, name)
    check.ok(os.execute(("ln -s %s %s && mv -T %s %s"):format(target, path "link.new", path "link.new",
      path(name))))
  end
  check.ok(os.execute(("mkdir %s %s"):format(path "first", path "second")))
  write_file(path "first/settings", "one")
  write_file(path "second/settings", "two")
  link("first", "current")
  link("current/settings", "settings")
  local told = 0
  local watch <close> = check.ok(fs.watch(path "settings", function(changed)
    check.equal(changed, path "settings")
    told = told + 1
  end))
  local function changes(what, change)
    local before = told
    change()
    check.eventually(function() return told > before end, PATIENCE, what)
    wait_until_quiet(function() return told end)
  end
  changes("a write behind the links", function() write_file(path "first/settings", "three") end)
  changes("a directory's link swapped", function() link("second", "current") end)
  changes("a write in the new directory", function() write_file(path "second/settings", "four") end)
  local before = told
  write_file(path "first/settings", "nobody's any more")
  sleep(0.3)
  check.equal(told, before)
  changes("the link replaced by a file", function()
    os.remove(path "settings")
    write_file(path "settings", "five")
  end)
  changes("and written", function() write_file(path "settings", "six") end)
  link("nowhere/at/all", "lost")
  local lost <close> = check.ok(fs.watch(path "lost", function() told = told + 1 end))
  changes("a link that led nowhere", function() link("first/settings", "lost") end)
  changes("what it leads to now", function() write_file(path "first/settings", "seven") end)
  link("loop", "loop")
  check.ok(fs.watch(path "loop", print)):delete()
end)

check.case("a watched directory tells of all that is in it; several watches share it", function()
  local directory, gone = folder()
  local remove <close> = gone
  local all, one = 0, 0
  local whole <close> = check.ok(fs.watch(directory, function() all = all + 1 end))
  local part <close> = check.ok(fs.watch(directory .. "/a", function() one = one + 1 end))
  write_file(directory .. "/b", "x")
  check.eventually(function() return all == 1 end, PATIENCE)
  check.equal(one, 0)
  part:delete()
  write_file(directory .. "/a", "x")
  check.eventually(function() return all == 2 end, PATIENCE)
  check.equal(one, 0)
  check.fails("ENOENT", fs.watch(directory .. "/none/a", print))
  check.fails("ENOENT", fs.watch(directory .. "/none/", print))
  check.fails("fs.watch " .. directory .. "/b/: Not a directory", fs.watch(directory .. "/b/c", print))
  check.raises(function() fs.watch(1, print) end, "fs.watch: a path expected, got 1")
  check.raises(function() fs.watch("/\0x", print) end, [[fs.watch: a path expected, got "/\0x"]])
  check.raises(function() fs.watch("x") end, "fs.watch: a function expected, got nil")
end)

check.case("who closes what watches read ends them; new ones work", function()
  local directory, gone = folder()
  local remove <close> = gone
  local old = check.ok(fs.watch(directory, check.expect(nil, 0)))
  for _, row in ipairs(conns()) do
    if row.peer == "changes of files" then row.object:close() end
  end
  local told = 0
  local new = check.ok(fs.watch(directory, function() told = told + 1 end))
  check.equal(old:delete(), false)
  write_file(directory .. "/a", "x")
  check.eventually(function() return told == 1 end, PATIENCE)
  check.equal(new:delete(), true)
end)

check.case("S199 a child leaves our watchers alone, and has none of our sockets", function()
  local srv <close> = check.ok(listen("127.0.0.1:0", function(c)
    for line in c:lines() do c:write(line, "\n") end
  end))
  local c <close> = check.ok(connect(srv.address))
  local seen = 0
  local reader = read(c, function() c:take() seen = seen + 1 return true end)
  local ticks = 0
  local ticker = timeout(0.01, function() ticks = ticks + 1 return true end)
  local child = check.ok(process.spawn "ls -l /proc/$$/fd; read line")
  c:write "during\n"
  check.eventually(function() return seen > 0 and ticks > 2 end, PATIENCE)
  child.stdin:finish "go\n"
  local listing = child.stdout:read("a", { timeout = PATIENCE })
  check.equal(select(2, listing:gsub("%->", "")), 3, listing)
  local sockets = select(2, listing:gsub("socket:", ""))
  check.equal(sockets, 0, listing)
  child:wait()
  local before = ticks
  c:write "after\n"
  check.eventually(function() return seen > 1 and ticks > before end, PATIENCE)
  reader:delete()
  ticker:delete()
end)

check.case("S201 look-ups both ways at once, and a name that is none; the loop goes on", function()
  local stub = assert(io.popen("exec " .. os.getenv "DNS_STUB" .. " <<'END'\n"
    .. "silent.test MANNER silent\nEND\n"))
  local usual = dns.server
  dns.server = assert(stub:read "l")
  local answers, got = {}, 0
  local function keep(name)
    return function(...)
      answers[name] = { ... }
      got = got + 1
    end
  end
  local runs = 0
  local ticker = timeout(0.01, function() runs = runs + 1 return true end)
  dns.resolve("localhost", "A", keep "A")
  dns.resolve("localhost", "AAAA", keep "AAAA")
  dns.reverse("127.0.0.1", keep "reverse")
  dns.resolve("none.test", keep "none")
  dns.resolve("silent.test", "A", { timeout = 0.5 }, keep "silent")
  check.equal(got, 0)
  check.eventually(function() return got == 5 end, PATIENCE)
  ticker:delete()
  check.same(answers.A, { { "127.0.0.1" } })
  check.same(answers.AAAA, { { "::1" } })
  check.equal(answers.reverse[1][1], "localhost")
  check.equal(answers.none[1], nil)
  check.match(answers.none[2], "no such name")
  check.equal(answers.none[3], "EDNS")
  check.equal(answers.silent[3], "EDNS")
  check.ok(runs >= 5, "the timer ran no more than " .. runs .. " times")
  check.raises(function() dns.reverse "localhost" end, "dns.reverse: an IP address expected, got \"localhost\"")
  check.raises(function() dns.resolve("a", "A", {}, 1) end, "dns.resolve: a function expected, got 1")
  dns.resolve("quit.test", "A")
  stub:close()
  dns.server = usual
end)

check.done()
