--- What dez could do: shared/seeds.md 1.6, by its numbers. D7 and D8 are in seeds_tools_test.lua, D1's
-- handshake deadline is S177 in the tests of TLS.
local check = require "check"
local child = require "child"
local http = require "http"
local json = require "json"
local pair = require "pair"

local PATIENCE <const> = 10  -- seconds, for what must come
local WAIT <const> = { timeout = PATIENCE }

--- A directory of our own with such files, gone at the end of the block.
local function folder(files)
  local path = os.tmpname()
  os.remove(path)
  check.ok(os.execute("mkdir " .. path))
  for name, text in pairs(files) do
    local file <close> = assert(io.open(path .. "/" .. name, "w"))
    file:write(text)
  end
  return path, setmetatable({}, { __close = function() os.execute("rm -r " .. path) end })
end

check.case("D1 a daemon inside TLS hands each connection to its function; clients' certificates may be asked for",
  function()
    local function talk(c)
      c:write "hello\n"
      return c:read("l", WAIT)
    end
    local function greet(c) c:write(c:read "l", " over ", c.tls.version, "\n") end
    local srv <close> = check.ok(listen("tls://127.0.0.1:0", greet))
    local c <close> = check.ok(connect(srv.address))
    check.equal(talk(c), "hello over TLSv1.3")
    local strict <close> = check.ok(listen("tls://127.0.0.1:0",
      { tls = { ca = srv.tls.ca, client_auth = "require" } }, greet))
    local stranger = connect(strict.address)  -- TLS 1.3: it is refused after our part
    check.equal(stranger and talk(stranger), nil)
    if stranger then stranger:close() end
    local lenient <close> = check.ok(listen("tls://127.0.0.1:0", { tls = { ca = srv.tls.ca } }, greet))
    local d <close> = check.ok(connect(lenient.address))
    check.equal(talk(d), "hello over TLSv1.3")
  end)

check.case("D1 SIGINT ends the daemon's loop, and the program goes on", function()
  local output, status = child [[
    local srv = listen("127.0.0.1:0", function(c) c:pipe(c) end)
    signal("SIGINT", abort)
    timeout(0.01, function() io.popen("kill -INT $PPID"):close() end)
    print(dispatch(), srv.accepted)]]
  check.equal(output, "abort\t0\n")
  check.equal(status, 0)
end)

check.case("D2 the same address again swaps the handler on the live daemon, of each kind", function()
  local function says(word) return function(c) c:finish(word) end end
  local srv <close> = check.ok(listen("127.0.0.1:0", says "first"))
  local function hear()
    local c <close> = check.ok(connect(srv.address))
    return c:read("a", WAIT)
  end
  check.equal(hear(), "first")
  check.ok(listen(srv.address, says "second"))
  check.equal(hear(), "second")
  check.equal(srv.accepted, 2)
  local web <close> = check.ok(listen("http://127.0.0.1:0", function() return "first" end))
  check.equal(http.get(web.address).body, "first")
  check.ok(listen(web.address, function() return "second" end))
  check.equal(http.get(web.address).body, "second")
  http.close_idle()
  local chat <close> = check.ok(listen("ws://127.0.0.1:0", function(ws) ws:write "first" end))
  check.ok(listen(chat.address, function(ws) ws:write "second" end))
  local ws <close> = check.ok(connect(chat.address))
  check.equal((ws:read(nil, WAIT)), "second")
end)

check.case("D3 read modes: so many bytes, up to a delimiter, until the end; a switch uses what is buffered",
  function()
    local near, far = pair()
    far:write('5\r\nabcde{"a":[1]} {"b":2}<x y="1">t</x>rest of it')
    far:finish()
    local size = check.ok(near:read_until("\r\n", WAIT))
    check.equal(near:read(tonumber(size), WAIT), "abcde")
    near:frame "json"
    check.same(near:read(nil, WAIT), { a = { 1 } })
    check.same(near:read(nil, WAIT), { b = 2 })
    near:frame "xml"
    local element = check.ok(near:read(nil, WAIT))
    check.equal(element.name, "x")
    check.equal(element.attributes.y, "1")
    near:frame(nil)
    check.equal(near:read("a", WAIT), "rest of it")
    near:close()
  end)

check.case("D3 S179 a switch inside the callback, halted reading, a close callback with its reason, once", function()
  local near, far = pair()
  local order = {}
  near:frame "line"
  near:on {
    data = function(c, piece)
      order[#order + 1] = piece
      if piece == "3" then c:frame(3) end
      if piece == "abc" then c:on { data = false } end  -- halt_read
    end,
    close = function(_, why) order[#order + 1] = why end,
  }
  far:write "1\n3\nabcdef"
  check.eventually(function() return order[3] end, PATIENCE)
  sleep(0.01)
  check.same(order, { "1", "3", "abc" })
  near:on { data = function(_, piece) order[#order + 1] = piece end }
  check.eventually(function() return order[4] end, PATIENCE)
  far:close()
  check.eventually(function() return order[5] end, PATIENCE)
  check.same(order, { "1", "3", "abc", "def", "eof" })
end)

check.case("D3 write: told when it has left, an error if the connection dies first, and after a close", function()
  local near, far = pair({ sendbuf = 8192 }, { recvbuf = 8192 })
  near:write "small"
  check.equal(near:flush(WAIT), true)
  local failed
  spawn(function()
    near:write(("x"):rep(1 << 20))
    failed = table.pack(near:flush())
  end)
  sleep(0)
  far:abort()
  check.eventually(function() return failed end, PATIENCE)
  check.equal(failed[1], nil)
  near:close()
  check.fails("ECLOSED", near:write "late")
  local one, two = pair()
  one:write "before "
  one:finish "the end"  -- soft_close
  check.equal(two:read("a", WAIT), "before the end")
end)

check.case("D4 a pool for an address: bounded, who finds all lent waits; many connections at once", function()
  local srv <close> = check.ok(listen("127.0.0.1:0", function(c) for l in c:lines "L" do c:write(l) end end))
  local p <close> = pool(srv.address, { max = 2 })
  local first = check.ok(p:get())
  local second = check.ok(p:get())
  check.fails("ETIMEDOUT", p:get(0.01))
  local waited = spawn(function()
    local c <close> = check.ok(p:get(PATIENCE))
    c:write "lent again\n"
    return c:read("l", WAIT)
  end)
  sleep(0)
  first:close()
  check.equal(waited:join(PATIENCE), "lent again")
  second:close()
  local clients = {}
  for i = 1, 50 do connect(srv.address, {}, function(c) clients[i] = c end) end
  check.eventually(function() return #clients == 50 end, PATIENCE)
  for _, c in ipairs(clients) do c:close() end
end)

check.case("D5 D6 an application: callbacks, files and proxied paths, by pattern and prefix", function()
  local directory <const>, gone = folder { ["index.html"] = "<p>index</p>", ["a.css"] = ("p{}"):rep(500),
    ["b.css"] = ("p{}"):rep(500), ["b.css.gz"] = "packed before" }
  local remove <close> = gone
  local back <close> = check.ok(listen("http://127.0.0.1:0", function(req) return "behind " .. req.target end))
  local app = http.app()
  app:get("/call/:name", function(req) return "called " .. req.params.name end)
  app:get("/call/exact", function() return "exact" end)
  app:static("/s/", directory)
  app:proxy("/chat/", back.address)
  app:compress { min = 100 }
  local srv <close> = check.ok(listen("http://127.0.0.1:0", app))
  local function get(path, headers) return check.ok(http.get(srv.address .. path, { headers = headers })) end
  check.equal(get "/call/me".body, "called me")
  check.equal(get "/call/exact".body, "exact")
  check.equal(get "/s/".body, "<p>index</p>")
  check.match(get "/chat/room?x=1".body, "^behind .*room%?x=1$")
  check.equal(get "/none".status, 404)
  check.equal(get("/s/..%2f..%2fetc/passwd").status // 100, 4)
  check.equal(get("/s/a.css", { range = "bytes=1-3" }).body, "{}p")
  local function get_packed(path)
    local answer = http.get(srv.address .. path, { decode = false, headers = { ["accept-encoding"] = "gzip" } })
    return check.equal(answer.headers["content-encoding"], "gzip") and answer.body
  end
  check.equal(get_packed "/s/b.css", "packed before")
  local file <close> = assert(io.open(directory .. "/a.css", "w"))
  file:write "changed"
  file:flush()
  check.equal(get "/s/a.css".body, "changed")
  http.close_idle()
end)

check.case("D9 fetch and post: a body, a deadline, a value as JSON both ways, errors told", function()
  local srv <close> = check.ok(listen("http://127.0.0.1:0", function(req)
    if req.path == "/slow" then sleep(0.5) end
    if req.method == "POST" then return { got = json.decode(req:text()) } end
    return { path = req.path, agent = req.headers["x-mine"] }
  end))
  check.same(http.get(srv.address .. "/p", { headers = { ["X-Mine"] = "yes" } }):json(), { path = "/p", agent = "yes" })
  check.same(http.post(srv.address, nil, { json = { 1, "two" } }):json(), { got = { 1, "two" } })
  check.fails("ETIMEDOUT", http.get(srv.address .. "/slow", { timeout = 0.05 }))
  check.fails("ECONNREFUSED", http.get "http://127.85.1.2:9/")
  http.close_idle()
end)

check.case("D10 B24 a daemon of WebSockets: messages, also large and empty ones; pings are not data", function()
  local srv <close> = check.ok(listen("ws://127.0.0.1:0", { max_message = 1 << 20 }, function(ws)
    for message, kind in ws:messages() do ws:write(message, kind) end
  end))
  local ws <close> = check.ok(connect(srv.address))
  for _, message in ipairs { "hello", "", ("x"):rep(70000), json.encode { 1, { a = 2 } } } do
    ws:write(message)
    ws:ping()
    check.same({ ws:read(nil, WAIT) }, { message, "text" })
  end
  ws:write("\0\1", "binary")
  check.same({ ws:read(nil, WAIT) }, { "\0\1", "binary" })
end)

check.done()
