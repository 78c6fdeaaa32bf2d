--- The client of module http where things go wrong, take long or are large: answers that are none,
-- time-outs, limits, uploads, content codings.
local check = require "check"
local http = require "http"
local peer = require "http_peer"

local ok, read_head, script, serve = peer.ok, peer.read_head, peer.script, peer.serve

--- A server that answers whatever is asked with these bytes, then ends the connection.
local function saying(bytes)
  return serve(function(c)
    read_head(c)
    c:finish(bytes)
  end)
end

check.case("answers that are none, cut off or lie are told", function()
  local chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
  local table_of = {
    { "", "EOF", "waiting for the answer: the connection ended without an answer" },
    { "HTTP/1.1 200 O", "EOF", "waiting for the answer: the connection ended inside the head of the answer" },
    { "SSH-2.0-OpenSSH_9.2\r\n", "EPROTO", 'waiting for the answer: the answer is no HTTP: "SSH-2.0-OpenSSH_9.2"' },
    { "HTTP/3.0 200 OK\r\n\r\n", "EPROTO", "waiting for the answer: the head of the answer: a version that is neither 1.0 nor 1.1" },
    { "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", "EPROTO",
      "waiting for the answer: it goes on with another protocol, which nobody asked for" },
    { "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!", "EPROTO",
      "waiting for the answer: the head of the answer: two Content-Length fields" },
    { "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", "EOF",
      "reading the body: the connection ended 5 bytes before the end of the 10 of the body" },
    { chunked .. "5\r\nhel", "EOF", "reading the body: the connection ended before the last chunk of the body" },
    { chunked .. "5\r\nhello\r\nxyz", "EPROTO", "reading the body: the chunks of the body: " },
    { chunked .. "fffffffffffffffff\r\n", "EPROTO", "reading the body: the chunks of the body: " },
    { "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nhello", "EPROTO",
      "reading the body: decode gzip: incorrect header check" },
    { "HTTP/1.1 200 OK\r\nContent-Encoding: zstd\r\n\r\nhello", "EPROTO",
      'waiting for the answer: Content-Encoding "zstd" is none that can be undone' },
    { "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\nhello", "EMSGSIZE",
      "reading the body: it has more than the 67108864 bytes of the option max" },
  }
  for _, each in ipairs(table_of) do
    local url, server = saying(each[1])
    local message, code = check.fails(each[2], http.get(url))
    check.equal(code, each[2])
    check.equal(message:sub(1, #url + 9 + 3 + #each[3]), "http.get " .. url .. "/: " .. each[3])
    server:close()
  end
end)

check.case("a streamed body that fails says so when it is read", function()
  local url, server = saying "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello"
  local response = check.ok(http.get(url, { stream = true }))
  local pieces = {}
  for piece in response:body() do pieces[#pieces + 1] = piece end
  check.equal(table.concat(pieces), "hello")
  check.equal(response.failure.code, "EOF")
  check.fails("EOF", response:read())
  server:close()
end)

check.case("endless heads, lines and bodies end", function()
  local url, server = serve(function(c)
    read_head(c)
    c:write "HTTP/1.1 200 OK\r\n"
    while c:write("X: ", ("x"):rep(1000), "\r\n") do end
  end)
  check.fails("the head is too long", http.get(url))
  check.fails("the head is too long", http.get(url, { max_head = 1000000 }))
  server:close()
  url, server = serve(function(c)
    read_head(c)
    c:write "HTTP/1.1 200 OK\r\n\r\n"
    while c:write(("x"):rep(10000)) do end
  end)
  check.fails("more than the 1000 bytes of the option max", http.get(url, { max = 1000 }))
  server:close()
  url, server = serve(function(c)
    read_head(c)
    while c:write "HTTP/1.1 102 Processing\r\n\r\n" do sleep(0) end
  end)
  check.fails("more than 100 interim answers", http.get(url))
  server:close()
  url, server = serve(function(c)
    read_head(c)
    while c:write "HTTP/1.1 200 OK\r\nX: x\r\n" do sleep(0) end
  end)
  check.fails("ETIMEDOUT", http.get(url, { timeout = 0.2, max_head = 16000000 }))
  server:close()
end)

check.case("time-outs: of all, of silence, of connecting; each says which", function()
  local held = {}
  local url, server = serve(function(c)
    held[#held + 1] = c
    read_head(c)
    c:write "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"
    for _ = 1, 100 do
      if not c:write "x" then return end
      sleep(0.05)
    end
  end)
  check.equal(check.fails("ETIMEDOUT", http.get(url, { timeout = 0.2 })),
    "http.get " .. url .. "/: reading the body: not done within 0.2 s")
  server:close()
  url, server = serve(function(c)
    read_head(c)
    c:read()
  end)
  check.equal(check.fails("ETIMEDOUT", http.get(url, { idle_timeout = 0.1 })),
    "http.get " .. url .. "/: waiting for the answer: nothing for 0.1 s")
  check.equal(check.fails("ETIMEDOUT", http.get(url, { timeout = 0.1 })),
    "http.get " .. url .. "/: waiting for the answer: not done within 0.1 s")
  server:close()
end)

check.case("an answer that comes a byte at a time ends, but for one that is streamed", function()
  local answer = ok(("x"):rep(200), "Long: " .. ("y"):rep(1000) .. "\r\n")
  local body = answer:find "x+$"
  local slow_from
  local url, server = serve(function(c)
    read_head(c)
    c:write(answer:sub(1, slow_from))
    for i = slow_from + 1, #answer do
      if not c:write(answer:sub(i, i)) then return end
      sleep(0.01)
    end
  end)
  local slow = { idle_timeout = 1, min_rate = 1e6 }
  slow_from = body + 50
  check.equal(check.fails("ETIMEDOUT", http.get(url, slow)),
    "http.get " .. url .. "/: reading the body: slower than 1e+06 bytes/s")
  slow_from = 1
  check.equal(check.fails("ETIMEDOUT", http.get(url, slow)),
    "http.get " .. url .. "/: waiting for the answer: slower than 1e+06 bytes/s")
  slow_from = body
  slow.stream = true
  local size = 0
  local response = check.ok(http.get(url, slow))
  for piece in response:body() do size = size + #piece end
  check.same({ size, response.failure }, { 200 })
  http.close_idle()
  server:close()
end)

check.case("a task that is cancelled leaves no connection behind", function()
  local ended = 0
  local url, server = serve(function(c)
    read_head(c)
    c:read()
    ended = ended + 1
  end)
  local task = spawn(http.get, url)
  check.eventually(function() return #conns() >= 2 end)
  task:cancel()
  check.eventually(function() return ended == 1 end)
  server:close()
end)

-- --- uploads --------------------------------------------------------------------------------

check.case("a large body is sent, asked for first, and may be sent without", function()
  local body = ("0123456789"):rep(300000)
  local asked = 0
  local function answer(c, request)
    return ok(tostring(request.body == body))
  end
  local url, server = serve(function(c)
    while true do
      local first, fields = read_head(c)
      if not first then return end
      if fields.expect then
        asked = asked + 1
        c:write "HTTP/1.1 100 Continue\r\n\r\n"
      end
      c:write(answer(c, { body = peer.read_body(c, fields) }))
    end
  end)
  check.equal(http.post(url, body).body, "true")
  check.equal(http.post(url, body, { expect = false }).body, "true")
  check.equal(http.put(url, body:sub(1, 100000)).body, "false")
  check.equal(http.post(url, "small", { expect = true }).body, "false")
  check.equal(asked, 2)
  http.close_idle()
  server:close()
end)

check.case("a server that knows no Expect gets the body after a second", function()
  local server = script { function(_, request) return ok(tostring(#request.body)) end }
  local begun = now()
  check.equal(http.post(server.url, ("x"):rep(2000000)).body, "2000000")
  check.ok(now() - begun >= 1)
  server.close()
end)

check.case("a refusal before the body means that it is not sent", function()
  local got
  local url, server = serve(function(c)
    read_head(c)
    c:write "HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno"
    got = c:read "a"
  end)
  local response = check.ok(http.post(url, ("x"):rep(2000000)))
  check.equal(response.status, 413)
  check.equal(response.body, "no")
  check.eventually(function() return got end)
  check.equal(got, "")
  server:close()
end)

check.case("an answer while the body is still on its way ends that", function()
  local url, server = serve(function(c)
    read_head(c)
    c:write "HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno"
    c:read "l"
  end)
  local calls = 0
  local response = check.ok(http.post(url, function()
    calls = calls + 1
    return ("x"):rep(100000)
  end, { expect = false }))
  check.equal(response.status, 413)
  server:close()
  local after = calls
  sleep(0.05)
  check.equal(calls, after, "it went on")
end)

check.case("bodies from functions and iterators go in chunks", function()
  local server = script { function(_, request)
    return ok(tostring(request.fields["transfer-encoding"]) .. " " .. request.body)
  end }
  local function pieces(...)
    local list, i = { ... }, 0
    return function()
      i = i + 1
      sleep(0.001)  -- it may wait
      return list[i]
    end
  end
  check.equal(http.post(server.url, pieces("a", "", "bc"), { expect = false }).body, "chunked abc")
  check.equal(http.post(server.url, pieces(), { expect = false }).body, "chunked ")
  check.equal(http.post(server.url, ("x y z"):gmatch "%a", { expect = false }).body, "chunked xyz")
  server.close()
end)

check.case("a body's function that fails fails the request, at once", function()
  local ended = 0
  local url, server = serve(function(c)
    read_head(c)
    c:read "a"
    ended = ended + 1
  end)
  check.raises(function() http.post(url, function() error "no body today" end, { expect = false }) end,
    "http_transfer_test.lua:%d+: no body today")
  check.raises(function() http.post(url, function() return 5 end, { expect = false }) end,
    "the body's function must return a string or nil, got a number")
  check.eventually(function() return ended == 2 end)
  server:close()
end)

check.case("an upload that moves is no silence", function()
  local url, server = serve(function(c)
    local _, fields = read_head(c)
    local body = peer.read_body(c, fields)
    c:write(ok(tostring(#body)))
  end)
  local count = 0
  local response = check.ok(http.post(url, function()
    count = count + 1
    sleep(0.05)
    if count <= 8 then return "piece" end
  end, { expect = false, idle_timeout = 0.2 }))
  check.equal(response.body, "40")
  http.close_idle()
  server:close()
end)

-- --- content codings ------------------------------------------------------------------------

check.case("gzip is undone, but where it is wanted as it is", function()
  local process = require "process"
  local text = ("hello "):rep(100000)
  local zipped = check.ok(process.run { "gzip", "-c", input = text })
  local server = script { ok(zipped, "Content-Encoding: gzip\r\n") }
  check.ok(check.ok(http.get(server.url, { max_ratio = 1e6 })).body == text)
  check.equal(server.seen[1].fields["accept-encoding"], "gzip, deflate, br")
  check.ok(check.ok(http.get(server.url, { decode = false })).body == zipped)
  check.equal(server.seen[2].fields["accept-encoding"], nil)
  local pieces = {}
  for piece in http.get(server.url, { stream = true }):body() do
    check.ok(#piece <= 65536)
    pieces[#pieces + 1] = piece
  end
  check.ok(table.concat(pieces) == text)
  check.equal(server.connections, 1)
  server.close()
end)

check.case("a small body that becomes a large one is refused", function()
  local process = require "process"
  local zipped = check.ok(process.run { "sh", "-c", "head -c 20000000 /dev/zero | gzip -c" })
  local server = script { ok(zipped, "Content-Encoding: gzip\r\n") }
  check.fails("times as many bytes come out of it, at most 200 may", http.get(server.url))
  check.fails("more than 1000000 bytes come out of it",
    http.get(server.url, { max = 1000000, max_ratio = 1e6 }))
  local response = check.ok(http.get(server.url, { stream = true }))
  for _ in response:body() do end
  check.equal(response.failure.code, "EMSGSIZE")
  server.close()
end)

check.done()
