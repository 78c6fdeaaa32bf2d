--- The module http as a client, against servers by hand: what is sent, what is made of answers
-- right and wrong.
local check = require "check"
local child = require "child"
local http = require "http"
local json = require "json"
local peer = require "http_peer"
local process = require "process"

local ok, read_head, script, serve = peer.ok, peer.read_head, peer.script, peer.serve

check.case("a request is what servers expect", function()
  local server = script { ok "hello" }
  local response = check.ok(http.get(server.url .. "/a?b"))
  check.equal(response.status, 200)
  check.equal(response.reason, "OK")
  check.equal(response.version, "1.1")
  check.equal(response.body, "hello")
  check.equal(response.url, server.url .. "/a?b")
  check.equal(tostring(response), "http response: 200 OK, " .. server.url .. "/a?b")
  local seen = server.seen[1]
  check.equal(seen.first, "GET /a?b HTTP/1.1")
  check.same(seen.fields, { host = server.server.address, ["user-agent"] = "moonwire", accept = "*/*",
    ["accept-encoding"] = "gzip, deflate, br" })
  server.close()
end)

check.case("each method has its form, and its body", function()
  local server = script { ok "" }
  local url = server.url
  check.equal(http.head(url).body, "")
  for _, call in ipairs { { http.delete(url) }, { http.post(url, "x") }, { http.put(url, "yy") },
    { http.patch(url, "") }, { http.post(url) },
    { http.request { url = url, body = "z" } }, { http.request { url = url, method = "OPTIONS" } } } do
    check.ok(table.unpack(call))
  end
  local said = {}
  for i, each in ipairs(server.seen) do
    said[i] = each.first:match "^%S+" .. " " .. tostring(each.fields["content-length"]) .. each.body
  end
  check.same(said, { "HEAD nil", "DELETE nil", "POST 1x", "PUT 2yy", "PATCH 0", "POST 0", "POST 1z",
    "OPTIONS nil" })
  server.close()
end)

check.case("json, forms and queries go out; json comes in", function()
  local server = script { ok '{"a":[1,2]}', ok "no json" }
  local response = check.ok(http.post(server.url, nil, { json = { b = json.null } }))
  check.same(response:json(), json.array { 1, 2 } and { a = json.array { 1, 2 } })
  check.equal(server.seen[1].body, '{"b":null}')
  check.equal(server.seen[1].fields["content-type"], "application/json")
  check.equal(server.seen[1].fields.accept, "application/json")
  response = check.ok(http.post(server.url .. "/?x=1", nil,
    { form = { q = "a b&c", n = { 1, 2 } }, query = { z = "ä" } }))
  check.equal(server.seen[2].first, "POST /?x=1&z=%C3%A4 HTTP/1.1")
  check.equal(server.seen[2].body, "n=1&n=2&q=a%20b%26c")
  check.equal(server.seen[2].fields["content-type"], "application/x-www-form-urlencoded")
  check.fails("EPROTO", response:json())
  server.close()
end)

check.case("headers: given ones, in place of ours and in order", function()
  local raw
  local url, server = serve(function(c)
    raw = c:read_until "\r\n\r\n"
    c:finish(ok "")
  end)
  check.ok(http.get(url, { headers = { ["X-B"] = { "1", "2" }, accept = "text/x", ["User-Agent"] = false,
    ["X-A"] = 7 }, decode = false }))
  check.equal(raw, "GET / HTTP/1.1\r\nHost: " .. server.address
    .. "\r\nX-A: 7\r\nX-B: 1\r\nX-B: 2\r\naccept: text/x")
  check.ok(http.get(url, { headers = { { "Z", "1" }, { "Host", "other" }, { "A", "2" } },
    keep_alive = false }))
  check.match(raw, "Connection: close\r\nZ: 1\r\nHost: other\r\nA: 2$")
  http.close_idle()
  server:close()
end)

check.case("what succeeds returns one value", function()
  local server = script { ok "[1]" }
  check.equal(select("#", http.get(server.url)), 1)
  check.equal(select("#", http.post(server.url, "x")), 1)
  local response = check.ok(http.request { url = server.url, stream = true })
  check.equal(select("#", response:read()), 1)
  check.equal(select("#", response:read()), 1)
  check.equal(select("#", check.ok(http.get(server.url)):json()), 1)
  server.close()
end)

check.case("headers of an answer: any case, order, duplicates", function()
  local server = script { ok("", "Set-Cookie: a=1\r\nX-One: 1\r\nset-cookie: b=2\r\n") }
  local headers = check.ok(http.get(server.url)).headers
  check.equal(headers["x-one"], "1")
  check.equal(headers["X-ONE"], "1")
  check.equal(headers["x-two"], nil)
  check.equal(headers["Set-Cookie"], "a=1, b=2")
  check.same(headers:all "SET-COOKIE", { "a=1", "b=2" })
  local names = {}
  for name, value in pairs(headers) do names[#names + 1] = name .. "=" .. value end
  check.same(names, { "Set-Cookie=a=1", "X-One=1", "set-cookie=b=2", "Content-Length=0" })
  server.close()
end)

check.case("misuse raises, at the caller", function()
  local function with(options) return function() local x = http.get("http://h/", options) return x end end
  local place = "http_client_test.lua:%d+: http.get: "
  check.raises(function() local x = http.get(5) return x end, place .. "a URL expected, got 5")
  check.raises(function() local x = http.get("http://h/", 5) return x end, place .. "a table of options expected, got 5")
  check.raises(with { tiemout = 1 }, place .. "unknown option 'tiemout', did you mean 'timeout'%?")
  check.raises(with { timeout = "1" }, place .. "option 'timeout' must be a number, got string")
  check.raises(with { max = -1 }, place .. "option 'max' must be at least 0")
  check.raises(with { body = "x", form = {} }, place .. "options 'body' and 'form' are two bodies")
  check.raises(with { json = print }, place .. "json.encode: ")
  check.raises(with { form = { a = true } }, place .. "http.query: field 'a' is a boolean")
  check.raises(with { method = "PUT" }, place .. "option 'method' is an argument of the function")
  local function asking(method) return function() http.request { url = "http://h/", method = method } end end
  check.raises(asking "A B", "_test.lua:%d+: http.request: option 'method': \"A B\" is no method")
  check.raises(asking "CONNECT", "http.request: option 'method': CONNECT")
  check.raises(with { headers = { ["a b"] = "x" } }, place .. "option 'headers': \"a b\" is no name")
  check.raises(with { headers = { a = "x\r\nB: y" } }, place .. "option 'headers': the value of a has a line's end")
  check.raises(with { headers = { ["Content-Length"] = 5 } }, place .. "option 'headers': Content%-Length is not")
  check.raises(with { headers = { a = {} , b = print } }, place .. "option 'headers': the value of b is a function")
  check.raises(with { cookies = {} }, place .. "option 'cookies' must be a jar")
  check.raises(with { tls = { caa = 1 } }, place .. "unknown option 'tls.caa'")
  check.raises(function() http.request "http://h/" end, "http.request: a table of options expected")
  local function getting(url) return function() local x = http.get(url) return x end end
  check.raises(getting "http://h/a b", place .. "url \"http://h/a b\": a blank in it; write %%20")
  check.raises(getting "h", place .. "url \"h\": ")
  check.raises(getting "ftp://h/", place .. "url \"ftp://h/\": its scheme is neither http nor https")
  check.raises(with { proxy = "ftp://p" }, place .. "option 'proxy': a proxy is http:// or socks5://, not ftp://")
end)

check.case("bodies: of a length, in chunks, up to the end, none", function()
  local answers = {
    ok "known",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nin \r\n6\r\nchunks\r\n0\r\nX: y\r\n\r\n",
    "HTTP/1.1 204 No Content\r\n\r\n",
    "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n",
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" .. ok "interim",
    function(c) c:finish "HTTP/1.0 200 OK\r\n\r\nto the end" end,
  }
  local server = script(answers)
  local bodies = {}
  for i = 1, #answers do bodies[i] = check.ok(http.get(server.url)).body end
  check.same(bodies, { "known", "in chunks", "", "", "interim", "to the end" })
  check.equal(server.connections, 1, "one connection for all")
  server.close()
end)

check.case("a large body is the same as it was, whole and streamed", function()
  local body = ("0123456789abcdef"):rep(200000)
  local server = script { ok(body) }
  check.ok(http.get(server.url).body == body)
  local pieces = {}
  local response = check.ok(http.get(server.url, { stream = true }))
  for piece in response:body() do pieces[#pieces + 1] = piece end
  check.ok(table.concat(pieces) == body)
  check.equal(response.failure, nil)
  check.equal(response:read(), nil)
  check.equal(server.connections, 1)
  server.close()
end)

check.case("a streamed answer may be left: its connection is closed", function()
  local left = 0
  local url, server = serve(function(c)
    read_head(c)
    c:write("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nsome")
    c:read()
    left = left + 1
  end)
  do
    local response <close> = check.ok(http.get(url, { stream = true }))
    check.equal(response:read(), "some")
    check.raises(function() response:json() end, "the body is streamed")
  end
  check.eventually(function() return left == 1 end)
  local response = check.ok(http.get(url, { stream = true }))
  response = nil
  check.eventually(function()
    collectgarbage()
    return left == 2
  end)
  server:close()
end)

check.case("connections are kept, per origin, and not beyond what is asked", function()
  local one, two = script { ok "1" }, script { ok "2" }
  for _ = 1, 3 do
    check.equal(http.get(one.url).body, "1")
    check.equal(http.get(two.url).body, "2")
  end
  check.equal(one.connections, 1)
  check.equal(two.connections, 1)
  check.ok(http.get(one.url, { keep_alive = false }))
  check.equal(one.connections, 2)
  check.equal(http.close_idle(), 2)
  local tasks = {}
  for i = 1, 20 do tasks[i] = spawn(function() return http.get(one.url).body end) end
  for _, task in ipairs(tasks) do check.equal(task:join(), "1") end
  check.equal(http.close_idle(), 8, "kept, at most")
  one.close()
  two.close()
end)

check.case("a connection that the server has given up is replaced, where that is safe", function()
  local served = 0
  local url, server = serve(function(c)
    read_head(c)
    served = served + 1
    c:write(ok("again"))
    if served % 2 == 1 then
      c:read(1)  -- of the next request, which is not answered
      c:abort()
    else
      c:read()
    end
  end)
  check.equal(http.get(url).body, "again")
  check.equal(http.get(url).body, "again")
  check.equal(served, 2)
  http.close_idle()
  check.equal(http.get(url).body, "again")
  local message = check.fails("ECONNRESET", http.post(url, "x"))
  check.match(message, "^http.post http://127.0.0.1:%d+/: waiting for the answer: ")
  check.equal(served, 3)
  http.close_idle()
  server:close()
end)

check.case("one that was closed while it lay idle is not used", function()
  local clients = {}
  local url, server = serve(function(c)
    clients[#clients + 1] = c
    read_head(c)
    c:write(ok "x")
    if #clients == 1 then c:finish() else c:read() end
  end)
  check.ok(http.get(url))
  check.eventually(function()
    for _, row in ipairs(conns()) do
      if row.object.state == "half-closed" then return true end
    end
  end)
  check.ok(http.post(url, "not to be repeated"))
  check.equal(#clients, 2)
  http.close_idle()
  server:close()
end)

check.case("bytes that nobody asked for are no answer to the next request", function()
  local url, server = serve(function(c)
    read_head(c)
    c:write(ok "good")
    c:write(ok "bad")
    c:read()
  end)
  check.equal(http.get(url).body, "good")
  check.equal(http.get(url).body, "good")
  http.close_idle()
  server:close()
end)

check.case("idle connections keep no program alive", function()
  local path = os.tmpname()
  local url, server = serve(function(c)
    read_head(c)
    c:write(ok "ok")
    c:read()
  end)
  do
    local file <close> = check.ok(io.open(path, "w"))
    file:write(([[print(require "http".get("%s").body, #conns())]]):format(url))
  end
  local output, _, status = process.run { "sh", "-c", child.command(path), timeout = 10 }
  os.remove(path)
  check.equal(output, "ok\t1\n")
  check.equal(status, 0)
  server:close()
end)

check.done()
