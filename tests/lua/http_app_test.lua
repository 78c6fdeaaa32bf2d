--- Apps: which route a request takes, and what the parts of an app answer.
local check = require "check"
local http = require "http"
local json = require "json"

--- What `app` answers to one request: status, body, head.
local function ask(app, line, more, body)
  local srv <close> = check.ok(listen("http://127.0.0.1:0", app))
  local c <close> = check.ok(connect((srv.address:gsub("^http://", ""))))
  c:write(line, " HTTP/1.0\r\n", more or "",
    body and ("Content-Length: %d\r\n"):format(#body) or "", "\r\n", body or "")
  local head, rest = check.ok(c:read("a", { timeout = 5 })):match "^(.-\r\n)\r\n(.*)$"
  return math.tointeger(tonumber(head:match "^HTTP/1.%d (%d+)")), rest, head
end

check.case("an app without routes greets", function()
  local status, body = ask(http.app(), "GET /any/where")
  check.equal(status, 200)
  check.match(body, "no routes yet")
end)

check.case("exact paths come before patterns, the most literal of these first", function()
  local app = http.app()
  local function named(name) return function() return name end end
  app:get("/*", named "all"):get("/users/:id", named "id"):get("/users/:id/posts", named "posts")
  app:get("/users/*", named "users"):get("/users/me", named "me")
  for path, name in pairs {
    ["/"] = "all", ["/x/y"] = "all", ["/users/1"] = "id", ["/users/me"] = "me",
    ["/users/1/posts"] = "posts", ["/users/1/2"] = "users",
  } do
    check.equal(select(2, ask(app, "GET " .. path)), name, path)
  end
end)

check.case("what a pattern stands for is in params", function()
  local app = http.app()
  app:get("/a-b.c/:one/x:two/*", function(req)
    return { req.params.one, req.params.two, req.params["*"] }
  end)
  check.equal(select(2, ask(app, "GET /a-b.c/1%202/x3/4/5")), '["1 2","3","4/5"]')
  check.equal(ask(app, "GET /aXb.c/1/x3/4"), 404)
  check.equal(ask(app, "GET /a-b.c//x3/4"), 404)
end)

check.case("methods of a path", function()
  local app = http.app()
  app:get("/", function() return "got" end):post("/", function(req) return req:text() end)
  app:any("/any", function(req) return req.method end)
  app:delete("/", function() end)
  local function status_and_body(...)
    local status, body = ask(app, ...)
    return { status, body }
  end
  check.same(status_and_body("POST /", "", "hello"), { 200, "hello" })
  check.same(status_and_body "HEAD /", { 200, "" })
  check.same(status_and_body "BREW /any", { 200, "BREW" })
  local status, _, head = ask(app, "PUT /")
  check.equal(status, 405)
  check.match(head, "Allow: DELETE, GET, HEAD, OPTIONS, POST\r\n")
  check.equal(ask(app, "OPTIONS /"), 204)
  check.equal(ask(app, "GET /nowhere"), 404)
end)

check.case("what is around sees everything, and may answer itself", function()
  local app = http.app()
  app:get("/", function(req) return req.user end)
  app:use(function(req, res, next)
    if req.path == "/closed" then return 403, "closed" end
    res.headers["X-Around"] = "1"
    return next()
  end)
  app:use(function(req, _, next) req.user = "me" return next() end)
  local status, body, head = ask(app, "GET /")
  check.equal(body, "me")
  check.match(head, "X%-Around: 1")
  check.equal(ask(app, "GET /closed"), 403)
  status = ask(app, "GET /nowhere")
  check.equal(status, 404)
end)

check.case("the log has a line for each answer, also of a handler that failed", function()
  local lines = {}
  local app = http.app()
  app:get("/", function() return "hello" end):get("/fail", function() error "as it should" end)
  app:log(function(line) lines[#lines + 1] = line end)
  ask(app, "GET /?a=b")
  ask(app, "GET /fail")
  ask(app, "HEAD /")
  check.equal(#lines, 3)
  check.match(lines[3], '"HEAD / HTTP/1%.0" 200 0 ')
  check.match(lines[1], '^127%.0%.0%.1:%d+ %- %- %[[^]]+%] "GET /%?a=b HTTP/1%.0" 200 5 %d+%.%d+\n$')
  check.match(lines[2], '"GET /fail HTTP/1%.0" 500 0 ')
end)

check.case("misuse of an app is told where it happens", function()
  local app = http.app()
  check.raises(function() app:get("users", print) end, "app_test.lua:%d+: app:get: a path")
  check.raises(function() app:get("/users", 1) end, "app:get: a function expected, got 1")
  check.raises(function() app:static("s", ".") end, "app_test.lua:%d+: app:static: a path")
  check.raises(function() app:static("/s", ".", { listing = true }) end, "unknown option 'listing'; there are gzip, hidden, index")
  check.raises(function() app:static("/s", ".", { indexes = "x" }) end, "'indexes', did you mean 'index'%?")
  check.raises(function() app:compress { min = "1" } end, "option 'min' must be a number")
  check.equal(inspect(http.app():get("/", print)), "app (1 route)")
  app:get("/app", http.app())  -- an app is a handler
end)

-- --- files ---------------------------------------------------------------------------------

local function with_files(fn)
  local folder = os.tmpname()
  os.remove(folder)
  local made = { folder .. "/a.txt", folder .. "/a.txt.gz", folder .. "/index.html",
    folder .. "/sub/index.html", folder .. "/none", folder .. "/.git/config", folder .. "/.env",
    folder .. "/.well-known/here" }
  check.ok(os.execute(("mkdir '%s' && cd '%s' && mkdir sub .git .well-known"):format(folder, folder)))
  for i, text in ipairs { "0123456789", "packed", "<p>", "<p>sub", "", "secret", "secret", "shown" } do
    local file <close> = check.ok(io.open(made[i], "w"))
    file:write(text)
  end
  local app = http.app()
  app:static("/s", folder)
  local ok, message = pcall(fn, function(path, more) return ask(app, path, more) end, folder)
  os.execute(("rm -r '%s'"):format(folder))
  if not ok then error(message, 0) end
end

check.case("files have types, sizes and tags", function()
  with_files(function(get)
    local status, body, head = get "GET /s/a.txt"
    check.same({ status, body }, { 200, "0123456789" })
    check.match(head, "Content%-Type: text/plain; charset=utf%-8\r\n")
    check.match(head, "Content%-Length: 10\r\n")
    local tag = check.match(head, 'ETag: ("[^"]+")')
    check.equal(get("GET /s/a.txt", "If-None-Match: W/\"x\", " .. tag .. "\r\n"), 304)
    check.equal(get("GET /s/a.txt", "If-None-Match: \"x\"\r\n"), 200)
    local date = check.match(head, "Last%-Modified: ([^\r]+)")
    check.equal(get("GET /s/a.txt", "If-Modified-Since: " .. date .. "\r\n"), 304)
    check.equal(get("GET /s/a.txt", "If-Modified-Since: Sat, 01 Jan 2101 00:00:00 GMT\r\n"), 304)
    check.equal(get("GET /s/a.txt", "If-Modified-Since: Sat, 01 Jan 2000 00:00:00 GMT\r\n"), 200)
    check.equal(get("GET /s/a.txt", "If-Modified-Since: now\r\n"), 200)
    check.equal(get("GET /s/a.txt", "If-Modified-Since: " .. date .. "\r\nIf-None-Match: \"x\"\r\n"), 200)
    check.equal(select(2, get "HEAD /s/a.txt"), "")
    check.equal(select(2, get "GET /s/none"), "")
    check.equal(get "POST /s/a.txt", 405)
  end)
end)

check.case("names with a dot in front are kept, unless they are asked for; a file is no directory", function()
  with_files(function(get, folder)
    check.equal(get "GET /s/.env", 404)
    check.equal(get "GET /s/.git/config", 404)
    check.equal(get "GET /s/sub/../%2egit/config", 404)
    check.equal(select(2, get "GET /s/.well-known/here"), "shown")
    check.equal(get "GET /s/./sub/..//a.txt", 200)
    check.equal(get "GET /s/a.txt/", 404)
    local all = http.app()
    all:static("/", folder, { hidden = true })
    check.equal(select(2, ask(all, "GET /.env")), "secret")
  end)
end)

check.case("ranges of files", function()
  with_files(function(get)
    for range, want in pairs {
      ["0-0"] = "0", ["2-4"] = "234", ["7-"] = "789", ["-3"] = "789", ["5-99"] = "56789",
      ["-99"] = "0123456789",
    } do
      local status, body, head = get("GET /s/a.txt", "Range: bytes=" .. range .. "\r\n")
      check.same({ status, body }, { 206, want }, range)
      check.match(head, "Content%-Range: bytes %d+%-%d+/10\r\n")
    end
    for _, range in ipairs { "10-", "99-100", "-0" } do
      local status, _, head = get("GET /s/a.txt", "Range: bytes=" .. range .. "\r\n")
      check.equal(status, 416, range)
      check.match(head, "Content%-Range: bytes %*/10\r\n")
    end
    for _, range in ipairs { "bytes=4-2", "bytes=0-1,x", "bytes=0-5,2-9", "bytes=",
      "bytes=" .. ("0-0,"):rep(17), "bytes=x", "lines=1-2", "bytes=-" } do
      check.equal(get("GET /s/a.txt", "Range: " .. range .. "\r\n"), 200, range)
    end
    check.equal(get("GET /s/a.txt", "Range: bytes=0-1\r\nIf-Range: \"old\"\r\n"), 200)
  end)
end)

check.case("several ranges of a file are parts of one answer", function()
  with_files(function(get)
    local status, body, head = get("GET /s/a.txt", "Range: bytes=0-1, 20-30 ,-3\r\n")
    check.equal(status, 206)
    check.match(head, "Content%-Length: " .. #body .. "\r\n")
    check.equal(head:find "Content%-Range", nil)
    local boundary = check.match(head, "Content%-Type: multipart/byteranges; boundary=(%x+)\r\n")
    local part = "--%s\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Range: bytes %s/10\r\n\r\n%s\r\n"
    check.equal(body, part:format(boundary, "0-1", "01") .. part:format(boundary, "7-9", "789")
      .. "--" .. boundary .. "--\r\n")
    check.equal(select(2, get("GET /s/a.txt", "Range: bytes=20-,5-5\r\n")), "5", "one is left")
    check.equal(get("GET /s/a.txt", "Range: bytes=20-,30-\r\n"), 416)
    check.equal(select(2, get("HEAD /s/a.txt", "Range: bytes=0-1,3-4\r\n")), "")
  end)
end)

check.case("directories have an index, and nothing outside is served", function()
  with_files(function(get, folder)
    check.equal(select(2, get "GET /s/"), "<p>")
    check.equal(select(2, get "GET /s/sub/"), "<p>sub")
    local status, _, head = get "GET /s/sub?x=y"
    check.equal(status, 301)
    check.match(head, "Location: /s/sub/%?x=y\r\n")
    local name = folder:match "[^/]+$"
    for _, path in ipairs { "/s/../" .. name .. "/a.txt", "/s/%2e%2e/" .. name .. "/a.txt",
      "/s/sub/../../" .. name .. "/a.txt", "/s/..%2f" .. name .. "%2fa.txt", "/s/a.txt%00.html",
      "/s/..%5ca.txt", "/s/missing" } do
      check.equal(get("GET " .. path), 404, path)
    end
    check.equal(select(2, get "GET /s/sub/../a.txt"), "0123456789")
  end)
end)

check.case("a packed file goes to who takes it", function()
  with_files(function(get)
    local _, body, head = get("GET /s/a.txt", "Accept-Encoding: deflate, gzip\r\n")
    check.equal(body, "packed")
    check.match(head, "Content%-Encoding: gzip\r\n")
    check.match(head, "Content%-Type: text/plain")
    check.match(head, "Vary: Accept%-Encoding\r\n")
    check.equal(select(2, get("GET /s/a.txt", "Accept-Encoding: gzip;q=0\r\n")), "0123456789")
  end)
end)

-- --- what comes in and goes out --------------------------------------------------------------

check.case("forms", function()
  local app = http.app()
  app:post("/", function(req) return check.ok(req:form()).a end)
  check.equal(select(2, ask(app, "POST /", "", "a=1+%26%202&b")), "1 & 2")
end)

local PARTS <const> = "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n"
  .. "--B\r\ncontent-disposition: form-data; name=\"f\"; filename=\"x.txt\"\r\n"
  .. "Content-Type: text/plain\r\n\r\none\r\n--b\r\n-\r\n--B--\r\nafter"

check.case("multipart bodies", function()
  local app = http.app()
  app:post("/", function(req)
    local all = {}
    for part in req:parts() do
      all[#all + 1] = { part.name, part.filename or "", part.type or "", part:text() }
    end
    return all
  end)
  app:post("/skip", function(req)
    local names = {}
    for part in req:parts() do names[#names + 1] = part.name end
    return table.concat(names, " ")
  end)
  app:post("/form", function(req) return req:form().a end)
  local kind = "Content-Type: multipart/form-data; boundary=B\r\n"
  local _, answered = ask(app, "POST /", kind, PARTS)
  check.same(json.decode(answered),
    { { "a", "", "", "1" }, { "f", "x.txt", "text/plain", "one\r\n--b\r\n-" } })
  check.equal(select(2, ask(app, "POST /skip", kind, "preamble\r\n" .. PARTS)), "a f")
  check.equal(select(2, ask(app, "POST /form", kind, PARTS)), "1")
  for cut = 1, #PARTS - 10, 7 do
    check.equal(ask(app, "POST /skip", kind, PARTS:sub(1, cut)), 400, cut)
  end
  check.equal(ask(app, "POST /skip", "", PARTS), 500)
  check.equal(ask(app, "POST /skip", "Content-Type: multipart/form-data; boundary=\"\"\r\n", PARTS), 500)
end)

check.case("a part is read while it is its turn, and is named as it says", function()
  local app = http.app()
  app:post("/", function(req)
    local kept, names = nil, {}
    for part in req:parts() do
      if kept then check.equal(kept:text(), "") end
      kept = part
      names[#names + 1] = (part.name or "-") .. "=" .. (part.filename or "-")
      check.equal(part.headers["CONTENT-DISPOSITION"], part.headers["content-disposition"])
    end
    return table.concat(names, "|")
  end)
  local body = ""
  for _, disposition in ipairs { [[form-data; filename="; name=evil"; name="a"]],
    [[form-data; NAME=b; name=c]], [[form-data; name="d \"e\""; filename="C:\x.txt"]],
    [[form-data; name="open]], [[form-data; =; name=x]] } do
    body = body .. "--B c\r\nContent-Disposition: " .. disposition .. "\r\n\r\ndata\r\n"
  end
  local _, answered = ask(app, "POST /", 'Content-Type: multipart/form-data; a="; boundary=X"; '
    .. 'Boundary="B c"\r\n', body .. "--B c--")
  check.equal(answered, [[a=; name=evil|b=-|d "e"=C:\x.txt|-=-|-=-]])
end)

check.case("cookies, redirects, events", function()
  local app = http.app()
  app:get("/cookie", function(_, res)
    res:cookie("a", "b", { max_age = 5, http_only = false }):cookie("c", "d", { secure = true })
  end)
  app:get("/go", function(_, res) return res:redirect("/there", 303) end)
  app:get("/events", function(_, res)
    local events = res:events()
    events:send("one\ntwo", "tick", 7)
    events:comment "still here"
    events:send { 1 }
    check.raises(function() events:send("x", "a\nb") end, "a line break in the name")
  end)
  local _, _, head = ask(app, "GET /cookie")
  check.match(head, "Set%-Cookie: a=b; Max%-Age=5; Path=/; SameSite=Lax\r\n")
  check.match(head, "Set%-Cookie: c=d; Path=/; SameSite=Lax; Secure; HttpOnly\r\n")
  local status, _, where = ask(app, "GET /go")
  check.equal(status, 303)
  check.match(where, "Location: /there\r\n")
  local _, body, kind = ask(app, "GET /events")
  check.match(kind, "Content%-Type: text/event%-stream\r\n")
  check.equal(body, "event: tick\nid: 7\ndata: one\ndata: two\n\n: still here\n\ndata: [1]\n\n")
end)

check.case("a proxy passes requests on, and answers back", function()
  local behind <close> = check.ok(listen("http://127.0.0.1:0", function(req, res)
    if req.path == "/base/fail" then res:write("abc") error "as it should" end
    if req.path == "/base/broken" then
      res.headers["Content-Length"] = 5
      return res:write("")
    end
    if req.path == "/base/go" then return res:redirect("/else") end
    if req.path == "/base/twice" then res.headers["Set-Cookie"] = { "a=1", "b=2" } end
    local size = 0
    for piece in req:body() do size = size + #piece end
    res.headers["X-Seen"] = ("%s %s %d %s"):format(req.method, req.target, size,
      req.headers["x-hidden"] or "-")
    res.headers["X-From"] = req.headers["x-forwarded-for"]
    if req.path == "/base/large" then
      for _ = 1, 10 do res:write(("x"):rep(100000)) end
      return
    end
    return 201, "made"
  end))
  local app = http.app()
  app:proxy("/up", behind.address .. "/base")
  local function seen(line, more, body)
    local status, answered, head = ask(app, line, more, body)
    return { status, answered, head:match "X%-Seen: ([^\r]+)" }, head
  end
  local found, head = seen("GET /up/a%2fb?c=d", "Connection: x-hidden\r\nX-Hidden: 1\r\n")
  check.same(found, { 201, "made", "GET /base/a%2fb?c=d 0 -" })
  check.match(head, "X%-From: 127%.0%.0%.1\r\n")
  check.same(seen("POST /up/b", "", "hello"), { 201, "made", "POST /base/b 5 -" })
  check.same(seen("PUT /up/b", "", ("x"):rep(200000)), { 201, "made", "PUT /base/b 200000 -" })
  check.same(seen "HEAD /up/b", { 201, "", "HEAD /base/b 0 -" })
  check.equal(#select(2, ask(app, "GET /up/large")), 1000000)
  check.match(select(3, ask(app, "GET /up/twice")), "Set%-Cookie: a=1\r\nSet%-Cookie: b=2\r\n")
  check.equal(ask(app, "GET /up/go"), 302)
  check.equal(ask(app, "GET /up/../secret"), 404)
  check.equal(ask(app, "GET /up/%2e%2e/secret"), 404)
  check.match(select(2, ask(app, "GET /up/fail")), "^abc")
  check.equal(ask(app, "GET /up/broken"), 502, "none of the body has come")
  behind:close()
  http.close_idle()
  check.equal(ask(app, "GET /up/a"), 502)
end)

check.case("answers are packed for who takes them", function()
  local app = http.app()
  local text = ("hello "):rep(1000)
  app:compress { min = 100 }
  app:get("/", function() return text end):get("/json", function() return { text } end)
  app:get("/short", function() return "short" end)
  app:get("/image", function(_, res) res.headers["Content-Type"] = "image/png" return text end)
  app:get("/pieces", function(_, res)
    for i = 1, #text, 100 do res:write(text:sub(i, i + 99)) end
  end)
  app:get("/events", function(_, res) res:events():send "one" end)
  app:get("/own", function(_, res) res.headers["Content-Length"] = 5 res:write "hello" end)
  app:get("/none", function() return 204 end)
  local function ask_for(path, accepted)
    local _, body, head = ask(app, "GET " .. path, "Accept-Encoding: " .. accepted .. "\r\n")
    return head:match "Content%-Encoding: (%w+)" or "none", body, head
  end
  local coding, body, head = ask_for("/", "deflate, gzip")
  check.equal(coding, "gzip")
  check.ok(#body < 100, "it is smaller")
  check.match(head, "Vary: Accept%-Encoding\r\n")
  check.match(head, "Content%-Length: " .. #body .. "\r\n")
  check.equal(ask_for("/json", "*"), "gzip")
  check.equal(ask_for("/", "gzip;q=0.1, deflate"), "deflate")
  for path, accepted in pairs { ["/"] = "gzip;q=0, br", ["/short"] = "gzip", ["/image"] = "gzip",
    ["/own"] = "gzip", ["/none"] = "gzip", ["/pieces"] = "br" } do
    check.equal(ask_for(path, accepted), "none", path)
  end
  check.equal(select(2, ask_for("/", "br")), text)
  check.equal(ask_for("/pieces", "gzip"), "gzip")
  check.equal(ask_for("/events", "deflate"), "deflate")
  check.match(select(3, ask(app, "HEAD /pieces", "Accept-Encoding: gzip\r\n")), "Content%-Encoding: gzip")
  local srv <close> = check.ok(listen("http://127.0.0.1:0", app))
  local whole = check.ok(http.get(srv.address .. "/pieces"))
  check.same({ whole.body == text, whole.headers["content-encoding"] }, { true, "gzip" })
  check.equal(check.ok(http.get(srv.address .. "/events")).body, "data: one\n\n")
  http.close_idle()
end)

check.case("files are packed as other answers are", function()
  local folder, text = os.tmpname(), ("some text "):rep(200)
  os.remove(folder)
  check.ok(os.execute(("mkdir '%s'"):format(folder)))
  for _, name in ipairs { "a.txt", "a.png" } do
    local file <close> = check.ok(io.open(folder .. "/" .. name, "w"))
    file:write(text)
  end
  local app = http.app()
  app:compress():static("/", folder)
  local srv <close> = check.ok(listen("http://127.0.0.1:0", app))
  local function get(path, headers) return check.ok(http.get(srv.address .. path, { headers = headers })) end
  local answer = get "/a.txt"
  check.same({ answer.body, answer.headers["content-encoding"] }, { text, "gzip" })
  check.match(answer.headers.etag, '^W/"')
  check.equal(answer.headers.vary, "Accept-Encoding")
  check.equal(get("/a.txt", { ["If-None-Match"] = answer.headers.etag }).status, 304)
  local part = get("/a.txt", { Range = "bytes=5-8" })
  check.same({ part.status, part.body, part.headers["content-encoding"] }, { 206, "text" })
  check.equal(get("/a.txt", { Range = "bytes=5-8", ["If-Range"] = answer.headers.etag }).body, text)
  local plain = get("/a.txt", { ["Accept-Encoding"] = "identity" })
  check.same({ plain.body, plain.headers["content-length"] }, { text, "2000" })
  check.match(plain.headers.etag, '^"')
  check.equal(get("/a.png").headers["content-encoding"], nil)
  http.close_idle()
  os.execute(("rm -r '%s'"):format(folder))
end)

check.case("a piece that is packed can be read before the next is written", function()
  local app = http.app()
  local go_on = false
  app:compress()
  app:get("/", function(_, res)
    res:write "first"
    check.eventually(function() return go_on end)
    res:write "second"
  end)
  local srv <close> = check.ok(listen("http://127.0.0.1:0", app))
  local answer = check.ok(http.get(srv.address, { stream = true }))
  check.equal(answer.headers["content-encoding"], "gzip")
  check.equal(answer:read(), "first")
  go_on = true
  check.equal(answer:read(), "second")
  check.equal(answer:read(), nil)
  check.equal(answer.failure, nil)
  http.close_idle()
end)

check.case("a WSAPI application", function()
  local app = http.app()
  app:mount("/w", function(env)
    local read = env.input:read(3)
    local pieces = { env.REQUEST_METHOD, env.SCRIPT_NAME, env.PATH_INFO, env.QUERY_STRING,
      env.HTTP_X_ONE, read, env.input:read() }
    local at = 0
    return "201 Created", { ["Content-Type"] = "text/x" }, function()
      at = at + 1
      return pieces[at] and pieces[at] .. "|"
    end
  end)
  local status, body, head = ask(app, "POST /w/x/y?q=1", "X-One: 1\r\n", "hello")
  check.equal(status, 201)
  check.equal(body, "POST|/w|/x/y|q=1|1|hel|lo|")
  check.match(head, "Content%-Type: text/x\r\n")
end)

check.done()
